// Stands for the native part of aws-lambda-ric, which would have to be compiled: the three calls that it makes to the Runtime API.
const api = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation`;
/** @type {Promise<unknown>} */
let posted = Promise.resolve();
/** @type {(path: string, body: string) => void} */
const post = (path, body) => {
  posted = fetch(`${api}/${path}`, { method: 'POST', body });
};

exports.initializeClient = () => {};
/** @type {(id: string, body: string) => void} */
exports.done = (id, body) => post(`${id}/response`, body);
/** @type {(id: string, body: string) => void} */
exports.error = (id, body) => post(`${id}/error`, body);
exports.next = async () => {
  await posted;
  const response = await fetch(`${api}/next`);
  return { bodyJson: await response.text(), headers: Object.fromEntries(response.headers) };
};
