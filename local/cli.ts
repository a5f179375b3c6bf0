#!/usr/bin/env node
import { quietenSdk } from '../lib/config.ts';
import { createProgram } from './program.ts';
import { reportFailure } from './report-failure.ts';

quietenSdk();
await createProgram().parseAsync().catch(reportFailure);
