import { expect, test } from 'vitest';
import { href, parse, type Route } from './route';

test('a place survives its address', () => {
  const places: Route[] = [
    { name: 'home' },
    { name: 'new' },
    { name: 'health' },
    { name: 'device', id: 'RGV2aWNl/a=?#' },
    { name: 'sensor', id: 'x:y', range: 'day' },
    { name: 'sensor', id: 'x:y', range: 'year' },
  ];
  for (const place of places) expect(parse(href(place))).toEqual(place);
});

test('what is not understood is home', () => {
  for (const text of ['', '#', '#/nowhere', '#/device/', '#/device/%E0%A4%A']) expect(parse(text)).toEqual({ name: 'home' });
});
