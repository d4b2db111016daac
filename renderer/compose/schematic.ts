import type { TreeNode } from '../../shared/keras/tree.ts';
import type { Shape } from '../../shared/program/tensor.ts';
import { glyphSize } from './glyph.ts';
import { shapeText } from './shape-text.ts';
import { extent } from './shapes.ts';

/** A layer as a bar: what it gives, drawn around a common middle line. */
export interface Bar {
  readonly x: number;
  readonly width: number;
  readonly height: number;
}

/** A model inside, or a run of plain layers between models (without a name), with its layers as bars. */
export interface Group {
  readonly name: string | null;
  readonly path: string;
  readonly layers: number;
  readonly x: number;
  readonly width: number;
  readonly bars: readonly Bar[];
}

/** A small picture of a model: what it holds from left to right, the sizes of the tensors, what passes between. */
export interface Schematic {
  readonly groups: readonly Group[];
  readonly width: number;
  /** Shapes between neighbouring groups. */
  readonly joints: readonly { readonly x: number; readonly text: string }[];
}

const look = { barHeight: 80, gap: 11, padding: 20, between: 48, plain: 8 } as const;

/** The schematic of a model at most `room` px wide; bars move together when there are many. */
export function schematicOf(root: TreeNode, room: number): Schematic {
  const parts = partsOf(root);
  const largest = Math.max(
    1,
    ...parts.flatMap((part) => part.shapes.map((one) => extent(one).side)),
  );
  const count = parts.reduce((sum, part) => sum + part.shapes.length, 0);
  const wide = draw(parts, largest, 1);
  const scale = wide.width <= room ? 1 : Math.max(0.1, 1 - (wide.width - room) / (count * 24));
  return scale === 1 ? wide : draw(parts, largest, scale);
}

interface Part {
  readonly name: string | null;
  readonly path: string;
  readonly shapes: readonly Shape[];
}

function partsOf(root: TreeNode): Part[] {
  const parts: (Part & { shapes: Shape[] })[] = [];
  for (const node of root.children ?? []) {
    if (node.children) {
      parts.push({ name: node.name, path: node.path, shapes: leafShapes(node) });
    } else if (node.className !== 'InputLayer') {
      const last = parts.at(-1);
      const shapes = (node.outputShapes ?? []).slice(0, 1);
      if (last && last.name === null) last.shapes.push(...shapes);
      else parts.push({ name: null, path: node.path, shapes: [...shapes] });
    }
  }
  return parts;
}

function leafShapes(node: TreeNode): Shape[] {
  if (node.children) return node.children.flatMap(leafShapes);
  return (node.outputShapes ?? []).slice(0, 1);
}

function draw(parts: readonly Part[], largest: number, scale: number): Schematic {
  const groups: Group[] = [];
  const joints: { x: number; text: string }[] = [];
  let x = 0;
  parts.forEach((part, i) => {
    if (i > 0) {
      joints.push({ x: x + look.between / 2, text: shapeText(parts[i - 1]!.shapes.at(-1)) });
      x += look.between;
    }
    const padding = part.name === null ? look.plain : look.padding;
    let at = x + padding;
    const bars = part.shapes.map((shape): Bar => {
      const { width, height } = glyphSize(shape, largest, look.barHeight);
      const bar = { x: at, width: Math.max(2, width * scale), height };
      at += bar.width + look.gap * scale;
      return bar;
    });
    const least = part.name === null ? 0 : part.name.length * 8 + 90;
    const inside = Math.max(at - look.gap * scale + padding - x, least);
    const shift = (inside - (at - look.gap * scale + padding - x)) / 2;
    groups.push({
      name: part.name,
      path: part.path,
      layers: part.shapes.length,
      x,
      width: inside,
      bars: bars.map((bar) => ({ ...bar, x: bar.x + shift })),
    });
    x += inside;
  });
  return { groups, width: x, joints };
}
