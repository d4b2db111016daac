import protobuf from 'protobufjs/minimal.js';
import type { Histogram } from './histogram.ts';

type Writer = protobuf.Writer;

/** A value of a summary. */
export type SummaryValue = { readonly tag: string } & (
  { readonly scalar: number } | { readonly histogram: Histogram } | { readonly image: EncodedImage }
);

/** A PNG with its size in px. */
export interface EncodedImage {
  readonly width: number;
  readonly height: number;
  /** 1: grey, 3: RGB. */
  readonly channels: number;
  readonly png: Uint8Array;
}

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;
const tag = (field: number, wire: number) => (field << 3) | wire;

/** The event that every file of events begins with. */
export function encodeVersion(seconds: number): Uint8Array {
  const writer = protobuf.Writer.create();
  writer.uint32(tag(1, FIXED64)).double(seconds);
  return writer.uint32(tag(3, BYTES)).string('brain.Event:2').finish();
}

/**
 * Values of a step as an Event; `seconds` are those since 1970. Field numbers are those of
 * tensorflow/core/util/event.proto and tensorflow/core/framework/summary.proto.
 */
export function encodeEvent(
  seconds: number,
  step: number,
  values: readonly SummaryValue[],
): Uint8Array {
  const writer = protobuf.Writer.create();
  writer.uint32(tag(1, FIXED64)).double(seconds);
  writer.uint32(tag(2, VARINT)).int64(step);
  message(writer, 5, (summary) => {
    for (const value of values) message(summary, 1, (w) => encodeValue(w, value));
  });
  return writer.finish();
}

function encodeValue(writer: Writer, value: SummaryValue): void {
  writer.uint32(tag(1, BYTES)).string(value.tag);
  if ('scalar' in value) {
    writer.uint32(tag(2, FIXED32)).float(value.scalar);
  } else if ('image' in value) {
    const { height, width, channels, png } = value.image;
    message(writer, 4, (w) => {
      w.uint32(tag(1, VARINT)).int32(height);
      w.uint32(tag(2, VARINT)).int32(width);
      w.uint32(tag(3, VARINT)).int32(channels);
      w.uint32(tag(4, BYTES)).bytes(png);
    });
  } else {
    message(writer, 5, (w) => encodeHistogram(w, value.histogram));
  }
}

function encodeHistogram(
  writer: Writer,
  { min, max, num, sum, sumSquares, limits, counts }: Histogram,
): void {
  for (const [i, value] of [min, max, num, sum, sumSquares].entries())
    writer.uint32(tag(i + 1, FIXED64)).double(value);
  for (const [i, values] of [limits, counts].entries()) {
    writer.uint32(tag(6 + i, BYTES)).fork();
    for (const value of values) writer.double(value);
    writer.ldelim();
  }
}

function message(writer: Writer, field: number, write: (writer: Writer) => void): void {
  writer.uint32(tag(field, BYTES)).fork();
  write(writer);
  writer.ldelim();
}
