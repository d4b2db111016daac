import { createOnnxEngine } from '../../../main/engines/onnx/engine.ts';
import { conformance } from './conformance.ts';

conformance('onnx', () => createOnnxEngine());
