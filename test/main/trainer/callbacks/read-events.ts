import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import protobuf from 'protobufjs';
import { crc32c } from '../../../../main/trainer/callbacks/tensorboard/record.ts';

/** As in tensorflow/core/util/event.proto and tensorflow/core/framework/summary.proto. */
const definitions = `
  syntax = "proto3";
  message Event {
    double wall_time = 1;
    int64 step = 2;
    oneof what { string file_version = 3; Summary summary = 5; }
  }
  message HistogramProto {
    double min = 1; double max = 2; double num = 3; double sum = 4; double sum_squares = 5;
    repeated double bucket_limit = 6 [packed = true];
    repeated double bucket = 7 [packed = true];
  }
  message Summary {
    message Image { int32 height = 1; int32 width = 2; int32 colorspace = 3; bytes encoded_image_string = 4; }
    message Value {
      string tag = 1;
      oneof value { float simple_value = 2; Image image = 4; HistogramProto histo = 5; }
    }
    repeated Value value = 1;
  }`;
const type = protobuf.parse(definitions).root.lookupType('Event');

export interface ReadEvent {
  readonly wallTime: number;
  readonly step: unknown;
  readonly fileVersion?: string;
  readonly summary?: {
    readonly value: readonly {
      readonly tag: string;
      readonly simpleValue?: number;
      readonly image?: { width: number; height: number; encodedImageString: Uint8Array };
      readonly histo?: { num: number; bucket: number[]; bucketLimit: number[] };
    }[];
  };
}

/** The events of a file. Throws an Error where a checksum is another than the file says. */
export function readEvents(bytes: Uint8Array): ReadEvent[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const events: ReadEvent[] = [];
  const check = (from: number, to: number) => {
    const masked = view.getUint32(to, true);
    const rotated = (masked - 0xa282ead8) >>> 0;
    const crc = ((rotated >>> 17) | (rotated << 15)) >>> 0;
    if (crc !== crc32c(bytes.subarray(from, to))) throw new Error(`bad checksum at byte ${to}`);
  };
  for (let at = 0; at < bytes.length;) {
    const length = Number(view.getBigUint64(at, true));
    check(at, at + 8);
    check(at + 12, at + 12 + length);
    events.push(type.decode(bytes.subarray(at + 12, at + 12 + length)) as unknown as ReadEvent);
    at += length + 16;
  }
  return events;
}

/** The events of all files of a folder. */
export async function eventsIn(folder: string): Promise<ReadEvent[]> {
  const names = (await readdir(folder)).filter((name) => name.includes('tfevents')).sort();
  const files = await Promise.all(names.map((name) => readFile(join(folder, name))));
  return files.flatMap(readEvents);
}
