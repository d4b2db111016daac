/**
 * Gives names that are unique in a whole file and that tfjs accepts: letters, digits, `-`, `.` and `_`. A name that is
 * taken gets its model's name before it, then a number behind it.
 */
export function createUniqueNames(): (name: string, model: string) => string {
  // tfjs looks layers up in plain objects, where these names are always taken.
  const taken = new Set(Object.getOwnPropertyNames(Object.prototype));
  return (name, model) => {
    const own = valid(name);
    const long = valid(`${model}_${name}`);
    let free = taken.has(own) ? long : own;
    for (let i = 1; taken.has(free); i++) free = `${long}_${i}`;
    taken.add(free);
    return free;
  };
}

function valid(name: string): string {
  return name.replace(/[^-A-Za-z0-9._]/g, '_').replace(/^[^A-Za-z0-9]/, 'layer$&');
}
