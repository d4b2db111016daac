import { config } from 'zod';

// The page's security policy forbids code from text, which zod would try for speed; to be loaded before any schema.
config({ jitless: true });
