// Imported first by every set-up script, so it is written for old versions of Node too.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major < 20 || (major === 20 && minor < 19)) {
  console.error(
    `Matryoshka needs Node 20.19 or newer, and this is Node ${process.versions.node}.\n` +
      'Install a newer one from nodejs.org, then run the command again.',
  );
  process.exit(1);
}
