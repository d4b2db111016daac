import { IDS, type PageData } from '../page-data.ts';
import { element } from './dom.ts';
import { imageInput, type InputView } from './image-input.ts';
import { numbersInput } from './numbers-input.ts';
import { outputView } from './output-view.ts';
import { createRunner, serveWorker } from './runner.ts';
import { style } from './style.ts';

if (typeof document === 'undefined') serveWorker();
else show();

/** Builds the page from what it holds, and runs the model whenever something that goes into it changes. */
function show(): void {
  const data = JSON.parse(textOf(IDS.data)) as PageData;
  const runner = createRunner(data, bytesOf(textOf(IDS.weights)));
  const problem = element('p', { class: 'problem', role: 'alert' });
  const time = element('span', { class: 'time', 'data-runs': 0 });
  const inputs = data.inputs.map((input) =>
    input.image ? imageInput(input, changed) : numbersInput(input, changed),
  );
  const outputs = data.outputs.map((port) => outputView(port, data.classes));

  let running = false;
  let again = false;
  let runs = 0;
  function changed(): void {
    again = true;
    if (!running) void run();
  }
  async function run(): Promise<void> {
    running = true;
    while (again) {
      again = false;
      const feeds = Object.fromEntries(
        data.inputs.map(({ name }, i) => [name, inputs[i]!.value()]),
      );
      const answer = await runner.run(feeds);
      problem.textContent = 'error' in answer ? answer.error : '';
      if ('error' in answer) continue;
      data.outputs.forEach(({ name }, i) => outputs[i]!.show(answer.outputs[name]!));
      time.textContent = `${answer.ms < 10 ? answer.ms.toFixed(1) : Math.round(answer.ms)} ms`;
      time.dataset['runs'] = String(++runs);
    }
    running = false;
  }

  const side = (views: readonly { readonly view: HTMLElement }[]) =>
    element('div', { class: 'side' }, ...views.map(({ view }) => view));
  document.head.append(element('style', {}, style));
  document.body.append(
    element(
      'main',
      {},
      element(
        'header',
        {},
        element('h1', {}, data.title),
        element('p', {}, 'This model runs here, in your browser. Nothing leaves the page.'),
      ),
      element('div', { class: 'ends' }, side(inputs), side(outputs)),
      problem,
      element('footer', {}, `${data.path}, made with Matryoshka. Last run: `, time),
    ),
  );
  takePictures(inputs);
  changed();
}

/** Pictures that are dropped onto an input, or pasted, or dropped anywhere for the first input that takes any. */
function takePictures(inputs: readonly InputView[]): void {
  const takers = inputs.filter(({ take }) => take);
  const under = (target: EventTarget | null) =>
    takers.find(({ view }) => view.contains(target as Node | null)) ?? takers[0];
  const mark = (over: InputView | undefined) => {
    for (const input of takers) input.view.classList.toggle('over', input === over);
  };
  document.ondragover = (event) => {
    event.preventDefault();
    mark(under(event.target));
  };
  document.ondragleave = (event) => {
    if (!event.relatedTarget) mark(undefined);
  };
  document.ondrop = (event) => {
    event.preventDefault();
    mark(undefined);
    const [picture] = event.dataTransfer?.files ?? [];
    if (picture) void under(event.target)?.take!(picture);
  };
  document.onpaste = (event) => {
    const [picture] = event.clipboardData?.files ?? [];
    if (picture) void takers[0]?.take!(picture);
  };
}

function textOf(id: string): string {
  return document.getElementById(id)?.textContent ?? '';
}

function bytesOf(base64: string): Uint8Array {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}
