// The page's places stand in the fragment of the address: the hub serves one file, and links can be kept.

import type { RangeId } from './time';
import { rangeOf } from './time';

export type Route =
  | { name: 'home' }
  | { name: 'sensor'; id: string; range: RangeId }
  | { name: 'device'; id: string }
  | { name: 'new' }
  | { name: 'health' };

/** The place that a fragment such as `#/sensor/abc?range=year` names; what is not understood is home. */
export function parse(fragment: string): Route {
  const [path = '', query = ''] = fragment.replace(/^#\/?/, '').split('?');
  const [name, id] = path.split('/').map(decode);
  if (name === 'sensor' && id) {
    return { name, id, range: rangeOf(new URLSearchParams(query).get('range') ?? undefined).id };
  }
  if (name === 'device' && id) return { name, id };
  if (name === 'new' || name === 'health') return { name };
  return { name: 'home' };
}

/** The fragment of a place. */
export function href(route: Route): string {
  switch (route.name) {
    case 'home':
      return '#/';
    case 'sensor':
      return `#/sensor/${encodeURIComponent(route.id)}${route.range === 'day' ? '' : `?range=${route.range}`}`;
    case 'device':
      return `#/device/${encodeURIComponent(route.id)}`;
    default:
      return `#/${route.name}`;
  }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return '';
  }
}
