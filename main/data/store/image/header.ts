/** What the header of a plain PNG or JPEG file says. */
export interface PlainHeader {
  readonly height: number;
  readonly width: number;
}

/**
 * The size of a PNG of at most 8 bits or a JPEG that hold nothing unusual: no EXIF (which may turn the image), not
 * several frames, no colours other than grey, RGB and YCbCr, and an end. Null for all others: a decoder that knows more
 * is to judge them.
 */
export function plainHeader(bytes: Buffer): PlainHeader | null {
  return bytes[0] === 0x89 ? plainPng(bytes) : plainJpeg(bytes);
}

/** Format: the PNG specification, chapters 5 and 11. */
function plainPng(bytes: Buffer): PlainHeader | null {
  if (bytes.length < 45 || bytes.toString('latin1', 12, 16) !== 'IHDR' || bytes[24]! > 8)
    return null;
  for (let at = 33; at + 12 <= bytes.length; at += 12 + bytes.readUInt32BE(at)) {
    const type = bytes.toString('latin1', at + 4, at + 8);
    if (type === 'IDAT') break;
    if (type === 'eXIf' || type === 'acTL' || type === 'tRNS') return null;
  }
  const ends = bytes.toString('latin1', bytes.length - 8, bytes.length - 4) === 'IEND';
  return ends ? { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) } : null;
}

const EXIF = 0xffe1;
const ADOBE = 0xffee;
const SCAN = 0xffda;
/** Among the markers of frames: Huffman tables and a reserved one. */
const NO_FRAME = [0xffc4, 0xffc8];

/** Format: ITU-T T.81, annex B. */
function plainJpeg(bytes: Buffer): PlainHeader | null {
  if (bytes.length < 4 || bytes.readUInt16BE(bytes.length - 2) !== 0xffd9) return null;
  let size: PlainHeader | null = null;
  for (let at = 2; at + 10 <= bytes.length; at += 2 + bytes.readUInt16BE(at + 2)) {
    const marker = bytes.readUInt16BE(at);
    if (marker < 0xffc0 || marker === EXIF || marker === ADOBE) return null;
    if (marker === SCAN) return size;
    if (marker > 0xffcf || NO_FRAME.includes(marker)) continue;
    // Baseline, extended or progressive, with 8 bits, in grey or three colours.
    if (marker > 0xffc2 || bytes[at + 4] !== 8 || ![1, 3].includes(bytes[at + 9]!)) return null;
    size = { height: bytes.readUInt16BE(at + 5), width: bytes.readUInt16BE(at + 7) };
  }
  return null;
}
