// Where in the page the reader is.

import { parse, type Route } from '../lib/route';

class Place {
  route = $state.raw<Route>(parse(location.hash));

  constructor() {
    addEventListener('hashchange', () => (this.route = parse(location.hash)));
  }
}

export const place = new Place();
