// Before anything that makes a schema.
import './no-eval.ts';
import '@fontsource-variable/inter/wght.css';
import '../assets/tokens.css';
import './styles/base.css';
import './styles/controls.css';
import './styles/floating.css';
import { connectStudio } from './host/connect.ts';
import { mountStudio } from './mount.ts';
import { createStudio } from './stores/studio.ts';

mountStudio(createStudio(connectStudio), '#app');
