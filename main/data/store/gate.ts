/** Does work once there is room for its weight among what is under way; in the order of asking. */
export type Gate = <T>(weight: number, work: () => Promise<T>) => Promise<T>;

/** A gate for so much at once; what weighs more is done alone. */
export function createGate(room: number): Gate {
  let used = 0;
  const waiting: { weight: number; go: () => void }[] = [];
  const admit = () => {
    while (waiting.length > 0 && used + waiting[0]!.weight <= room) {
      const { weight, go } = waiting.shift()!;
      used += weight;
      go();
    }
  };
  return async (asked, work) => {
    const weight = Math.min(asked, room);
    await new Promise<void>((go) => {
      waiting.push({ weight, go });
      admit();
    });
    try {
      return await work();
    } finally {
      used -= weight;
      admit();
    }
  };
}
