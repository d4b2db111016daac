import { layerOf, type GraphSpec } from '../../shared/keras/spec.ts';
import { entryBand, inDoors, outDoors, type Door, type Outline } from './doors.ts';
import { createFrame, type Flow, type Frame } from './frame.ts';
import { boxOf, callItems, callWires, headerWidth, nothing } from './items.ts';
import type { Context, Subject, Wire } from './items.ts';
import { moved, movedEdge, sizes } from './picture.ts';
import type { Box, Edge, Point } from './picture.ts';
import { planItems, type Plan } from './plan.ts';
import { rankItems } from './ranks.ts';
import { edgeLabel, wirePoints } from './route.ts';
import { callIndex, graphTypes } from './shapes.ts';
import { mismatch } from './mismatch.ts';
import { shapeText } from './shape-text.ts';

/** A drawn model, from its own left top. */
export interface Panel {
  readonly flow: Flow;
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly Box[];
  readonly edges: readonly Edge[];
  readonly ports: readonly Point[];
  /** Where the inputs enter and the outputs leave. */
  readonly inPorts: readonly Point[];
  readonly outPorts: readonly Point[];
}

/** Models that hold models flow across their parent's flow, from left to right first; plain layers always flow down. */
function flowOf({ spec }: Context, graph: GraphSpec, above: Flow | undefined): Flow {
  const nested = graph.calls.some(({ layer }) => layerOf(spec, layer).graph);
  return nested && above !== 'right' ? 'right' : 'down';
}

/** Lays out an open model and all that is open inside. */
export function layoutGraph(context: Context, subject: Subject): Panel {
  const { spec, options } = context;
  const graph = layerOf(spec, subject.model).graph!;
  const types = graphTypes(spec, subject.model, subject.path);
  const frame = createFrame(flowOf(context, graph, subject.flow));
  const crosswise = subject.flow !== undefined && subject.flow !== frame.flow;
  const where = callIndex(graph);

  const items = callItems(context, subject, graph, types, frame.flow);
  const wires = callWires(graph);
  const ranks = rankItems(items.length, wires);
  const inner = wires.length;

  // A single output can leave sideways from the last box; others leave through a rank of their own.
  const last = Math.max(-1, ...ranks);
  const producers = graph.outputs.filter((ref) => where(ref) >= 0);
  const sole = producers.length === 1 ? where(producers[0]!) : -1;
  const alone = ranks[sole] === last && ranks.filter((rank) => rank === last).length === 1;
  const sideways = crosswise && alone && !items[sole]!.panel;
  if (!sideways)
    for (const ref of producers) {
      ranks.push(last + 1);
      const to = items.push(nothing) - 1;
      wires.push({ from: where(ref), output: ref[2], to, arg: 0, args: 1 });
    }

  const labels = wireLabels(wires.slice(0, inner), (wire) => {
    const shape = shapeText(types.outputs[wire.from]?.[wire.output]?.shape);
    return { shape, wrong: mismatch(spec, graph, types, wire) };
  });
  const plan = planItems(items, wires, ranks, frame, (wire) =>
    options.measure(labels[wire]?.text ?? '', 'detail'),
  );
  const inputs = subject.flow === undefined ? [] : graph.inputs.map(where);
  const outline = outlineOf(context, subject, plan, frame, {
    entry: entryBand(plan, inputs, crosswise, frame),
    exit: crosswise && !sideways ? (producers.length - 1) * sizes.exit : 0,
  });
  const origin = frame.point(...outline.origin);
  const lines = wires.map((wire, i) =>
    wirePoints(plan, wire, i, frame).map((point) => moved(point, origin.x, origin.y)),
  );
  const entries = inDoors(plan, inputs, crosswise, outline, frame);
  const exits = sideways
    ? [sideDoor(plan, sole, outline, frame)]
    : outDoors(
        lines.slice(inner).map((line) => line.at(-1)!),
        crosswise,
        outline,
        frame,
      );

  const { key } = subject;
  const edges: Edge[] = [
    ...entries.map(({ line }, i): Edge => ({
      key: `${key}>${i}`, points: line, arrow: true, bad: false, label: null,
    })), // prettier-ignore
    ...wires.map((wire, i): Edge => {
      const label = labels[i];
      const exit = exits[i - inner];
      return {
        key: `${key}/${i}`,
        points: label ? lines[i]! : [...lines[i]!, ...exit!.line],
        arrow: label !== undefined && !items[wire.to]!.panel,
        bad: label?.bad ?? false,
        label: label?.text == null ? null : edgeLabel(label.text, lines[i]!, frame),
      };
    }),
    ...(sideways
      ? exits.map(({ line }): Edge => ({
          key: `${key}>`, points: line, arrow: false, bad: false, label: null,
        }))
      : []), // prettier-ignore
  ];
  return assemble(subject, plan, frame, outline, edges, entries, exits);
}

/** What stands beside each wire: what is wrong with it, else its shape, once a tensor. */
function wireLabels(
  wires: readonly Wire[],
  read: (wire: Wire) => { shape: string; wrong: string | null },
): { text: string | null; bad: boolean }[] {
  const told = new Set<string>();
  return wires.map((wire) => {
    const { shape, wrong } = read(wire);
    const source = `${wire.from}:${wire.output}`;
    const text = wrong ?? (told.has(source) ? null : shape);
    told.add(source);
    return { text, bad: wrong !== null };
  });
}

function outlineOf(
  { options }: Context,
  subject: Subject,
  plan: Plan,
  frame: Frame,
  bands: { entry: number; exit: number },
): Outline {
  const header = subject.depth === 1 ? sizes.rootHeader : sizes.header;
  const fromAbove = subject.flow === 'down' && frame.flow === 'right';
  const top = header + (subject.depth === 1 ? 4 : fromAbove ? sizes.entry : 0);
  const narrowest = headerWidth(subject, options);
  const along = bands.entry + plan.length + bands.exit;
  if (frame.flow === 'right') {
    const width = Math.max(narrowest, along + 2 * sizes.pad);
    return {
      width,
      height: top + plan.breadth + sizes.pad,
      header,
      origin: [sizes.pad + bands.entry, top],
    };
  }
  const width = Math.max(narrowest, plan.breadth + 2 * sizes.pad);
  return {
    width,
    height: top + along + sizes.pad,
    header,
    origin: [top + bands.entry, (width - plan.breadth) / 2],
  };
}

/** An output that leaves to the side from the box that gives it. */
function sideDoor(plan: Plan, item: number, { origin, ...outline }: Outline, frame: Frame): Door {
  const along = origin[0] + plan.along[item]! + frame.length(plan.items[item]!) / 2;
  const end = origin[1] + plan.across[item]! + frame.breadth(plan.items[item]!);
  const port = frame.point(along, frame.breadth(outline));
  return { port, line: [frame.point(along, end), port] };
}

/** Puts the model's own box, what is drawn inside each open model and what is between them into one list. */
function assemble(
  subject: Subject,
  plan: Plan,
  frame: Frame,
  { width, height, origin }: Outline,
  own: readonly Edge[],
  entries: readonly Door[],
  exits: readonly Door[],
): Panel {
  const boxes: Box[] = [{ ...boxOf(subject, 'panel'), width, height }];
  const edges: Edge[] = [...own];
  const ports: Point[] = [...entries, ...exits].map(({ port }) => port);
  plan.items.forEach(({ box, panel }, i) => {
    const { x, y } = frame.point(origin[0] + plan.along[i]!, origin[1] + plan.across[i]!);
    if (box) boxes.push(moved(box, x, y));
    if (!panel) return;
    boxes.push(...panel.boxes.map((one) => moved(one, x, y)));
    edges.push(...panel.edges.map((one) => movedEdge(one, x, y)));
    ports.push(...panel.ports.map((one) => moved(one, x, y)));
  });
  return {
    flow: frame.flow,
    width,
    height,
    boxes,
    edges,
    ports,
    inPorts: entries.map(({ port }) => port),
    outPorts: exits.map(({ port }) => port),
  };
}
