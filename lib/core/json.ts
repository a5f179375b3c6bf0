/**
 * Reads a text as JSON; undefined, which no JSON is, where it is none. For texts that others wrote, whose schema says the rest: a SyntaxError would quote them, to a
 * log in the end.
 */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
