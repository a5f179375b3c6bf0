/** A part of a whole in words: `12.50 %`. */
export function percent(part: number, decimals = 2): string {
  return `${(100 * part).toFixed(decimals)} %`;
}
