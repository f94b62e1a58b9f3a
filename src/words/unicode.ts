// Owns: whether a string can become bytes: half a surrogate pair cannot, and would silently arrive as another character.
// Never: a replacement.

/** true when `text` has a lone surrogate, which UTF-8 cannot express. */
export function isTorn(text: string): boolean {
  return /\p{Surrogate}/u.test(text);
}
