const english = {
  file: 'File',
  open: 'Open Project…',
  edit: 'Edit',
  view: 'View',
  window: 'Window',
  help: 'Help',
  website: 'About Keras Models',
  stillTraining: 'A model is still training.',
  ifQuit: 'If you quit, training stops after the current step and a checkpoint is saved.',
  keepTraining: 'Keep Training',
  stopAndQuit: 'Stop and Quit',
  cannotOpen: 'The project can’t be opened',
};

const chinese: typeof english = {
  file: '文件',
  open: '打开项目…',
  edit: '编辑',
  view: '视图',
  window: '窗口',
  help: '帮助',
  website: '关于 Keras 模型',
  stillTraining: '仍有模型正在训练。',
  ifQuit: '如果退出，训练会在当前步骤后停止，并保存检查点。',
  keepTraining: '继续训练',
  stopAndQuit: '停止并退出',
  cannotOpen: '无法打开项目',
};

/** What menus and dialogs of the desktop app say. */
export type Texts = typeof english;

/** The texts for a locale such as `en-GB` or `zh-CN`. */
export function textsFor(locale: string): Texts {
  return locale.toLowerCase().startsWith('zh') ? chinese : english;
}
