/** Shows a progress bar as in a terminal, and waits to be ended: see progress-bar.test.ts. */
import { startProgressBar } from '../../local/progress-bar.ts';

process.stderr.isTTY = true;
startProgressBar('photos', 2).advance();
setInterval(() => {}, 1000);
