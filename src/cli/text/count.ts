/**
 * A whole number with its thousands apart, `1,234,567`. As toLocaleString does, which first loads
 * all that is known of languages: 10 ms.
 */
export function countText(count: number): string {
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, ',');
}
