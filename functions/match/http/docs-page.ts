import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Hono } from 'hono';

/** The script that draws the page: OpenAPI Explorer, one file that loads no other. */
const script = 'openapi-explorer.min.js';

/** Addresses are relative, so that the page also works below a stage of API Gateway. */
const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>facenet-serverless: HTTP API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/page.css">
<script type="module" src="docs/${script}"></script>
</head>
<body>
<openapi-explorer spec-url="openapi.json" show-components="false" hide-server-selection="true"></openapi-explorer>
<noscript>This page is drawn by a script. The contract it shows is <a href="openapi.json">openapi.json</a>.</noscript>
</body>
</html>
`;
const style = 'body{margin:0}openapi-explorer{height:100vh}';

/** The page loads nothing from elsewhere and asks nobody but this API; its components bring styles of their own. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "connect-src 'self'",
  "img-src 'self' data: blob:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The contract as a page to read and try, which needs nothing from anywhere else. */
export function docsPage(): Hono {
  const app = new Hono();
  const answer = (type: string, body: () => string) => () =>
    new Response(body(), { headers: { 'content-type': type, 'content-security-policy': policy } });
  app.get(
    '/docs',
    answer('text/html; charset=utf-8', () => page),
  );
  app.get(
    '/docs/page.css',
    answer('text/css', () => style),
  );
  app.get(
    `/docs/${script}`,
    answer('text/javascript; charset=utf-8', () => readFileSync(scriptFile(), 'utf8')),
  );
  return app;
}

/** Bundles and the package have the script beside this module; a clone has it in node_modules. */
function scriptFile(): string {
  const beside = join(import.meta.dirname, script);
  if (existsSync(beside)) return beside;
  return createRequire(import.meta.url).resolve(`openapi-explorer/dist/browser/${script}`);
}
