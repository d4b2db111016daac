import type { TensorData } from '../../../shared/program/tensor.ts';

/** What an HDF5 file holds of what models need: groups with texts and lists of texts, and tensors. */
export interface H5Group {
  readonly attributes: Readonly<Record<string, H5Attribute>>;
  readonly groups: Readonly<Record<string, H5Group>>;
  readonly tensors: Readonly<Record<string, TensorData>>;
}

export type H5Attribute = string | number | readonly string[];

/** What the thread for HDF5 files is asked. */
export type H5Request = { readonly read: Uint8Array<ArrayBuffer> } | { readonly write: H5Group };

/** What it answers. */
export type H5Reply =
  | { readonly group: H5Group }
  | { readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly error: string };

/** The group at a path below another; null where there is none. */
export function groupAt(group: H5Group, path: string): H5Group | null {
  let at: H5Group = group;
  for (const name of path.split('/').filter(Boolean)) {
    if (!Object.hasOwn(at.groups, name)) return null;
    at = at.groups[name]!;
  }
  return at;
}

/** The tensor at a path below a group; null where there is none. */
export function tensorAt(group: H5Group, path: string): TensorData | null {
  const end = path.lastIndexOf('/');
  const within = groupAt(group, end < 0 ? '' : path.slice(0, end));
  const name = path.slice(end + 1);
  return within && Object.hasOwn(within.tensors, name) ? within.tensors[name]! : null;
}

/** An attribute that is a text; null where it is not. */
export function textAttribute({ attributes }: H5Group, name: string): string | null {
  const value = Object.hasOwn(attributes, name) ? attributes[name] : undefined;
  return typeof value === 'string' ? value : null;
}

/** A list of texts, which Keras may have spread over `name0`, `name1`, …; null where there is none. */
export function listAttribute({ attributes }: H5Group, name: string): readonly string[] | null {
  const list = (key: string) => {
    const value = Object.hasOwn(attributes, key) ? attributes[key] : undefined;
    return Array.isArray(value) ? (value as readonly string[]) : null;
  };
  const whole = list(name);
  if (whole) return whole;
  const parts: string[][] = [];
  for (let part = list(`${name}0`); part; part = list(`${name}${parts.length}`))
    parts.push([...part]);
  return parts.length > 0 ? parts.flat() : null;
}

/** A group that is put together by paths. */
export class H5Builder {
  private readonly root = emptyGroup();

  attribute(path: string, name: string, value: H5Attribute): void {
    this.group(path).attributes[name] = value;
  }

  tensor(path: string, value: TensorData): void {
    const end = path.lastIndexOf('/');
    this.group(end < 0 ? '' : path.slice(0, end)).tensors[path.slice(end + 1)] = value;
  }

  /** Makes the group at a path, and those above it. */
  group(path: string): Open {
    let at = this.root;
    for (const name of path.split('/').filter(Boolean)) at = at.groups[name] ??= emptyGroup();
    return at;
  }

  build(): H5Group {
    return this.root;
  }
}

interface Open {
  readonly attributes: Record<string, H5Attribute>;
  readonly groups: Record<string, Open>;
  readonly tensors: Record<string, TensorData>;
}

/** Its records have no prototype, so that any name can stand in them. */
export function emptyGroup(): Open {
  return { attributes: bare(), groups: bare(), tensors: bare() };
}

function bare<T>(): Record<string, T> {
  return Object.create(null) as Record<string, T>;
}
