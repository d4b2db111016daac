/** What page and main process of the stand-in tell each other, encoded by shared/api/codec.ts. */
export type FromPage =
  /** A document began: what the one before held is gone. */
  | { type: 'document' }
  | { type: 'send'; channel: string; args: unknown[] }
  | { type: 'port'; id: number; data: unknown }
  | { type: 'close'; id: number };

export type ToPage =
  | { type: 'send'; channel: string; message: unknown; ports: number[] }
  | { type: 'port'; id: number; data: unknown }
  | { type: 'close'; id: number };

/** The name under which the page finds the way to the main process. */
export const TO_MAIN = '__standInToMain';
/** The name under which the main process finds the way into the page. */
export const TO_PAGE = '__standInToPage';

/** The name under which the page finds the paths, by name, of what the test dropped. */
export const DROPPED = '__standInDropped';

/** How the test, which started the app, steers what lies outside of pages. */
export interface AppControl {
  /** Where a debugger of Chromium connects, once so many windows have loaded their pages. */
  address(windows: number): Promise<string>;
  /** Chooses an item of the menu by its label or role. */
  menu(item: string): Promise<void>;
  /** Closes the newest window as its user does. */
  closeWindow(): Promise<void>;
  /** Runs a script in the page of the newest window. A debugger of the test's own would hold up what it opens. */
  runInPage(script: string): Promise<void>;
  /** Moves and resizes the newest window. */
  setBounds(bounds: Electron.Rectangle): Promise<void>;
  bounds(): Promise<Electron.Rectangle>;
  /** What the app answers to a page that asks for a permission. */
  permission(name: string): Promise<boolean>;
  /** The processes that the app started. */
  utilityPids(): Promise<number[]>;
}

/** What the test is told or asked. */
export interface AppObserver {
  /** A message box; the answer is the number of a button. */
  messageBox(options: Electron.MessageBoxOptions): Promise<number>;
  /** The dialog that asks for a folder; the answer is a folder, or null for none. */
  openDialog(): Promise<string | null>;
  errorBox(title: string, content: string): void;
  openedOutside(url: string): void;
}
