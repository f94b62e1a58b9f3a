// Owns: the 16-byte frame as bytes, both ways, and carrying a partial one over.
// Never: a socket, or what a frame means.
import {FRAME_SIZE} from './protocol.gen.js';

/** One message after the request; see native/protocol.h for what each field holds. */
export interface FrameFields {
  readonly type: number;
  readonly kind: number;
  readonly value: number;
  /** The u64 as a number: exact up to 2^53, which no counter here reaches. */
  readonly extra: number;
  /** The same eight bytes as text, for the frames that carry half a name. */
  readonly text: string;
}

const HIGH = 2 ** 32;

/** The bytes of one frame. */
export function encodeFrame(type: number, kind: number, value: number, extra: number): Uint8Array {
  const bytes = new Uint8Array(FRAME_SIZE);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, type);
  view.setUint8(1, kind);
  view.setInt32(4, value, true);
  view.setUint32(8, extra >>> 0, true);
  view.setUint32(12, Math.floor(extra / HIGH), true);
  return bytes;
}

/** A getter on a class: one in an object literal makes every frame several times as dear. */
class Decoded implements FrameFields {
  readonly type: number;
  readonly kind: number;
  readonly value: number;
  readonly extra: number;
  #bytes: Uint8Array;
  #offset: number;

  constructor(bytes: Uint8Array, offset: number) {
    this.type = bytes[offset] as number;
    this.kind = bytes[offset + 1] as number;
    this.value = word(bytes, offset + 4) | 0;
    this.extra = word(bytes, offset + 12) * HIGH + word(bytes, offset + 8);
    this.#bytes = bytes;
    this.#offset = offset;
  }

  get text(): string {
    return halfName(this.#bytes, this.#offset + 8);
  }
}

/** A u32. */
function word(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24)) >>> 0
  );
}

/** The frame that starts at `offset`. Its text is read when it is asked for. */
export function decodeFrame(bytes: Uint8Array, offset: number): FrameFields {
  return new Decoded(bytes, offset);
}

/** Names come as the kernel keeps them: bytes up to the first NUL. */
function halfName(bytes: Uint8Array, offset: number): string {
  let end = offset;
  while (end < offset + 8 && bytes[end] !== 0) end++;
  return Buffer.from(bytes.buffer, bytes.byteOffset + offset, end - offset).toString('latin1');
}

/** Cuts a stream of bytes into frames, however the kernel delivered it. */
export class FrameReader {
  #carry = new Uint8Array(FRAME_SIZE);
  #carried = 0;

  /** Calls `each` for every whole frame in the first `length` bytes of `bytes`, and keeps what is left for the next call. */
  push(bytes: Uint8Array, length: number, each: (frame: FrameFields) => void): void {
    let at = 0;
    if (this.#carried > 0) {
      const wanted = Math.min(FRAME_SIZE - this.#carried, length);
      this.#carry.set(bytes.subarray(0, wanted), this.#carried);
      this.#carried += wanted;
      at = wanted;
      if (this.#carried < FRAME_SIZE) return;
      this.#carried = 0;
      each(decodeFrame(this.#carry.slice(), 0));
    }
    while (at + FRAME_SIZE <= length) {
      each(decodeFrame(bytes, at));
      at += FRAME_SIZE;
    }
    if (at < length) {
      this.#carry.set(bytes.subarray(at, length));
      this.#carried = length - at;
    }
  }
}
