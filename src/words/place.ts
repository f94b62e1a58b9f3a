// Owns: where within a nested value an error lies, so that who read it from a file can name the line.
// Never: the file, or the sentence.

type Place = readonly (string | number)[];

/** Beside the errors: it is nobody's business but that of readers of files. */
const places = new WeakMap<object, Place>();

/** Gives what `check` gives. What it throws lies below `key`. */
export function below<T>(key: string | number, check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw at(key, error);
  }
}

/** The same error, which lies below `key`. */
export function at<E>(key: string | number, error: E): E {
  if (typeof error === 'object' && error !== null) places.set(error, [key, ...placeOf(error)]);
  return error;
}

/** The keys from the outside in; empty when nothing is known. */
export function placeOf(error: unknown): Place {
  return places.get(error as object) ?? [];
}
