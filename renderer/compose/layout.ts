import { layerOf, type LayerId, type ModelSpec } from '../../shared/keras/spec.ts';
import { callItem } from './items.ts';
import { moved, movedEdge, sizes } from './picture.ts';
import type { Box, Edge, Picture, PictureOptions, Point } from './picture.ts';

/** The picture of some models of a spec, one below the other. The same spec and options give the same picture. */
export function layoutModels(
  spec: ModelSpec,
  models: readonly LayerId[],
  options: PictureOptions,
): Picture {
  const boxes: Box[] = [];
  const edges: Edge[] = [];
  const ports: Point[] = [];
  let width = 0;
  let height = 0;
  for (const model of models) {
    const path = layerOf(spec, model).config.name;
    const item = callItem({ spec, options }, { model, key: path, path, depth: 1, call: 0 });
    const drawn = item.panel ?? { boxes: [item.box!], edges: [], ports: [] };
    boxes.push(...drawn.boxes.map((box) => moved(box, 0, height)));
    edges.push(...drawn.edges.map((edge) => movedEdge(edge, 0, height)));
    ports.push(...drawn.ports.map((port) => moved(port, 0, height)));
    width = Math.max(width, item.width);
    height += item.height + sizes.pad;
  }
  return { boxes, edges, ports, width, height: Math.max(0, height - sizes.pad) };
}
