/** How a battery is doing, in a word that the icon repeats. */
export type Charge = 'full' | 'good' | 'low' | 'empty';

/** A coin cell holds its voltage for long and then falls quickly: low is early, at 20 %. */
export function chargeOf(percent: number): Charge {
  if (percent >= 75) return 'full';
  if (percent > 20) return 'good';
  return percent > 5 ? 'low' : 'empty';
}
