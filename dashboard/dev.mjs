// Serves the page from the sources and passes other requests on to a stack: node dashboard/dev.mjs [stack] [port]
import { createServer, request } from "node:http";
import { bundle } from "./bundle.mjs";

const stack = new URL(process.argv[2] ?? process.env.SIGNALBOX_URL ?? "http://127.0.0.1:4600");
const port = Number(process.argv[3] ?? 4680);
const types = { html: "text/html", js: "text/javascript", css: "text/css", svg: "image/svg+xml" };
let files = new Map();

createServer(async (incoming, response) => {
  const path = new URL(incoming.url ?? "/", "http://localhost").pathname;
  if (path === "/" || path.startsWith("/assets/")) {
    const name = path === "/" ? "index.html" : path.slice(1);
    // The page names its assets, so they are those of its bundle.
    if (path === "/") files = await bundle().catch((error) => new Map([[name, Buffer.from(String(error))]]));
    const file = files.get(name);
    response.writeHead(file ? 200 : 404, { "content-type": types[name.split(".").at(-1)] ?? "text/plain", "cache-control": "no-store" });
    response.end(file ?? "");
    return;
  }
  const headers = { ...incoming.headers, host: stack.host };
  if (headers.origin) headers.origin = stack.origin;
  const outgoing = request(new URL(incoming.url ?? "/", stack), { method: incoming.method, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  outgoing.on("error", (error) => response.writeHead(502, { "content-type": "text/plain" }).end(String(error)));
  incoming.pipe(outgoing);
}).listen(port, "127.0.0.1", () => console.log(`http://127.0.0.1:${port}/ with the API of ${stack.origin}`));
