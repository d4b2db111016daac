/** Data that the studio knows where to get. */
export interface DownloadableData {
  /** As `training.data` names it. */
  readonly name: string;
  /** For people. */
  readonly title: string;
  /** For people: what it is, in a few words. */
  readonly about: string;
  readonly licence: string;
  /** Where its makers tell of it. */
  readonly page: string;
  readonly files: readonly DownloadFile[];
}

export interface DownloadFile {
  readonly name: string;
  readonly bytes: number;
  /** Of the file as it is downloaded, in hexadecimal. */
  readonly sha256: string;
  /** Where it lies, the quickest first; each is tried until one gives the right bytes. */
  readonly urls: readonly string[];
}

function at(name: string, bytes: number, sha256: string, folders: readonly string[]): DownloadFile {
  return { name, bytes, sha256, urls: folders.map((folder) => `${folder}/${name}`) };
}

const FASHION = [
  'https://storage.googleapis.com/tensorflow/tf-keras-datasets',
  'https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion',
  'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com',
];
const KUZUSHIJI = [
  'https://codh.rois.ac.jp/kmnist/dataset/kmnist',
  'http://codh.rois.ac.jp/kmnist/dataset/kmnist',
];
const CIFAR = [
  'https://www.cs.toronto.edu/~kriz',
  'https://cave.cs.toronto.edu/kriz',
  'https://storage.googleapis.com/s4tf-hosted-binaries/datasets/CIFAR10',
];

/** Fashion-MNIST, Kuzushiji-MNIST and CIFAR-10, with the checksums of their makers' files. */
export const downloadables: readonly DownloadableData[] = [
  {
    name: 'fashion-mnist',
    title: 'Fashion-MNIST',
    about: '70,000 grey images of clothes, 28 by 28 px, in 10 classes',
    licence: 'MIT',
    page: 'https://github.com/zalandoresearch/fashion-mnist',
    files: [
      at(
        'train-images-idx3-ubyte.gz',
        26_421_880,
        '3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84',
        FASHION,
      ),
      at(
        'train-labels-idx1-ubyte.gz',
        29_515,
        'a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845',
        FASHION,
      ),
      at(
        't10k-images-idx3-ubyte.gz',
        4_422_102,
        '346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073',
        FASHION,
      ),
      at(
        't10k-labels-idx1-ubyte.gz',
        5_148,
        '67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5',
        FASHION,
      ),
    ],
  },
  {
    name: 'kmnist',
    title: 'Kuzushiji-MNIST',
    about: '70,000 grey images of cursive Japanese characters, 28 by 28 px, in 10 classes',
    licence: 'CC BY-SA 4.0',
    page: 'https://codh.rois.ac.jp/kmnist/',
    files: [
      at(
        'train-images-idx3-ubyte.gz',
        18_165_135,
        '51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4',
        KUZUSHIJI,
      ),
      at(
        'train-labels-idx1-ubyte.gz',
        29_497,
        'e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17',
        KUZUSHIJI,
      ),
      at(
        't10k-images-idx3-ubyte.gz',
        3_041_136,
        'edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5',
        KUZUSHIJI,
      ),
      at(
        't10k-labels-idx1-ubyte.gz',
        5_120,
        '20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c',
        KUZUSHIJI,
      ),
    ],
  },
  {
    name: 'cifar10',
    title: 'CIFAR-10',
    about: '60,000 colour photographs, 32 by 32 px, in 10 classes',
    licence: 'none stated; to be cited',
    page: 'https://www.cs.toronto.edu/~kriz/cifar.html',
    files: [
      at(
        'cifar-10-binary.tar.gz',
        170_052_171,
        'c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd',
        CIFAR,
      ),
    ],
  },
];
