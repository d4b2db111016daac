// Before anything that makes a schema.
import './no-eval.ts';
import '@fontsource-variable/inter/wght.css';
// Loaded only where the system has no Chinese font.
import '@fontsource-variable/noto-sans-sc/index.css';
import '../assets/tokens.css';
import './styles/base.css';
import './styles/controls.css';
import './styles/dolls.css';
import './styles/floating.css';
import { connectStudio } from './host/connect.ts';
import { fileAccess } from './host/files.ts';
import { mountStudio } from './mount.ts';
import { createStudio } from './stores/studio.ts';

mountStudio(createStudio(connectStudio), fileAccess, '#app');
