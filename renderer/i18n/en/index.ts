import callbacks from './callbacks.ts';
import commands from './commands.ts';
import common from './common.ts';
import compose from './compose.ts';
import data from './data.ts';
import engines from './engines.ts';
import exporting from './export.ts';
import kerasWords from './keras-words.ts';
import models from './models.ts';
import proof from './proof.ts';
import runs from './runs.ts';
import shell from './shell.ts';
import start from './start.ts';
import train from './train.ts';
import trainingForm from './training-form.ts';
import tree from './tree.ts';
import watch from './watch.ts';

/** All texts in this language, by area. */
export default {
  callbacks,
  commands,
  common,
  compose,
  data,
  engines,
  export: exporting,
  models,
  proof,
  runs,
  shell,
  start,
  train,
  training: { ...trainingForm, ...kerasWords },
  tree,
  watch,
};
