/** How the page looks: the studio's colours, light and dark as the system is. */
export const style = `
:root { color-scheme: light dark;
  --surface: light-dark(#fdfcfa, #161412); --raised: light-dark(#f7f4f0, #1f1b19);
  --line: light-dark(#e6e1d9, #37312c); --ink: light-dark(#211d19, #efeae4);
  --ink-2: light-dark(#675e54, #a69c91); --accent: light-dark(#b3261e, #e0564a);
  --field: light-dark(#ffffff, #292421); --edge: light-dark(#918779, #776d63); }
* { box-sizing: border-box; }
body { margin: 0; background: var(--surface); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 980px; margin: 0 auto; padding: 28px 20px 48px; }
h1 { margin: 0; font-size: 22px; line-height: 1.3; }
h2 { margin: 0 0 10px; font-size: 14px; display: flex; gap: 8px; align-items: baseline; }
h2 small { font-weight: 400; color: var(--ink-2); }
header p { margin: 4px 0 24px; color: var(--ink-2); }
.ends { display: grid; grid-template-columns: repeat(auto-fit, minmax(300px, 1fr)); gap: 20px; }
.side { display: grid; gap: 20px; align-content: start; }
section { background: var(--raised); border: 1px solid var(--line); border-radius: 10px; padding: 16px; }
section.over { border-color: var(--accent); }
.field, .picture { display: block; width: 280px; max-width: 100%; border-radius: 6px;
  border: 1px solid var(--line); image-rendering: pixelated; }
.field { cursor: crosshair; touch-action: none; height: auto; }
.field:focus-visible, button:focus-visible, textarea:focus-visible, input:focus-visible {
  outline: 2px solid var(--accent); outline-offset: 2px; }
.row { display: flex; gap: 8px; align-items: center; margin-top: 12px; flex-wrap: wrap; }
.row label { display: flex; gap: 6px; align-items: center; }
button { font: inherit; padding: 4px 12px; color: var(--ink); background: var(--field);
  border: 1px solid var(--edge); border-radius: 6px; cursor: pointer; }
button:hover { border-color: var(--ink-2); }
.hidden { display: none; }
.hint, footer { color: var(--ink-2); font-size: 13px; margin: 10px 0 0; }
.problem { color: var(--accent); margin: 8px 0 0; }
.problem:empty { display: none; }
.sliders { display: grid; gap: 4px; }
.slider { display: grid; grid-template-columns: 24px 1fr 52px; gap: 10px; align-items: center;
  color: var(--ink-2); font-variant-numeric: tabular-nums; }
.slider input { accent-color: var(--accent); width: 100%; }
.slider output { text-align: right; color: var(--ink); }
textarea { width: 100%; font: 13px/1.5 ui-monospace, monospace; color: var(--ink);
  background: var(--field); border: 1px solid var(--edge); border-radius: 6px; padding: 8px; }
.bars { list-style: none; margin: 0; padding: 0; display: grid; gap: 6px; }
.bars li { display: grid; grid-template-columns: minmax(64px, 130px) 1fr 60px; gap: 10px; align-items: center; }
.bars .name { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.bars .track { height: 10px; border-radius: 5px; background: var(--line); overflow: hidden; }
.bars .bar { display: block; height: 100%; background: var(--accent); border-radius: 5px; }
.bars .value { text-align: right; font-variant-numeric: tabular-nums; color: var(--ink-2); }
.bars li:first-child .name, .bars li:first-child .value { font-weight: 600; color: var(--ink); }
.numbers { display: grid; grid-template-columns: repeat(auto-fill, minmax(76px, 1fr)); gap: 4px 12px;
  font: 13px/1.5 ui-monospace, monospace; }
.numbers em { color: var(--ink-2); grid-column: 1 / -1; }
`;
