import { Menu, shell, type MenuItemConstructorOptions } from 'electron';
import type { Texts } from './texts.ts';

/** Sets the app's menu. The developer's tools are in it only while the app is not packaged. */
export function setMenu(texts: Texts, actions: { open(): void; isPackaged: boolean }): void {
  const isMac = process.platform === 'darwin';
  const template: MenuItemConstructorOptions[] = [
    ...(isMac ? [{ role: 'appMenu' } as const] : []),
    {
      label: texts.file,
      submenu: [
        { label: texts.open, accelerator: 'CmdOrCtrl+O', click: actions.open },
        { type: 'separator' },
        { role: isMac ? 'close' : 'quit' },
      ],
    },
    // Undo and redo of models are the studio's own; the system's would only reach text fields.
    {
      label: texts.edit,
      submenu: [{ role: 'cut' }, { role: 'copy' }, { role: 'paste' }, { role: 'selectAll' }],
    },
    {
      label: texts.view,
      submenu: [
        { role: 'reload' },
        ...(actions.isPackaged ? [] : [{ role: 'toggleDevTools' } as const]),
        { type: 'separator' },
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        { type: 'separator' },
        { role: 'togglefullscreen' },
      ],
    },
    { label: texts.window, submenu: [{ role: 'minimize' }, { role: 'close' }] },
    {
      role: 'help',
      label: texts.help,
      submenu: [
        {
          label: texts.website,
          click: () => void shell.openExternal('https://keras.io/guides/functional_api/'),
        },
      ],
    },
  ];
  Menu.setApplicationMenu(Menu.buildFromTemplate(template));
}
