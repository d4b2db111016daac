import { z } from 'zod';

/** A program with its arguments, run without a shell unless `shell` is set; it gets the run's result on its input. */
export const commandConfig = z.strictObject({
  /** The program and its arguments; with `shell` a single line. */
  command: z.array(z.string().max(10_000)).min(1).max(100),
  shell: z.boolean().default(false),
  /** Seconds until it is ended. */
  timeout: z.number().positive().max(86_400).default(60),
});

/** The run's result is sent to an address as JSON. */
export const webhookConfig = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).max(2000),
  timeout: z.number().positive().max(3600).default(30),
});
