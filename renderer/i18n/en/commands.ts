export default {
  about: 'Type to find a layer or a command, arrow keys to choose, Enter to run it.',
  group: 'Commands',
  nothing: 'Nothing is called “{text}”.',
  train: 'Train with the project’s settings',
  pause: 'Pause the run',
  proceed: 'Let the paused run go on',
  stop: 'Stop the run and keep it',
  goTo: 'Go to {place}',
  prove: 'Prove that the model is made of its submodels',
  theme: 'Change the theme: system, light, dark',
  language: 'Change the language: English, 简体中文',
};
