/**
 * The thread that decodes one HEIC with libheif. JavaScript, because Node starts a thread without the loader that TypeScript needs. It says `null` when it is
 * loaded, takes the file, says its header (HeicHeader), takes what is to stand before the pixels, and says both together; what is wrong with a file it throws.
 */
import { once } from 'node:events';
import { parentPort } from 'node:worker_threads';
import libheif from 'libheif-js/wasm-bundle.js';

/** @typedef {import('./heic-decoder.ts').HeicHeader} HeicHeader */
/**
 * Something that can be decoded: the primary picture of a file or, where there is none, its first track of pictures that move.
 * @typedef {{ readonly handle: number } | { readonly track: number }} Image
 */

/** Numbers of libheif's API (heif_colorspace, heif_chroma, heif_channel of libheif 1.23). */
const rgb = 1;
const interleaved = { 3: 10, 4: 11 };
const interleavedChannel = 10;
/** Bytes of the largest structure that is written to an address: heif_error, three words. */
const answerBytes = 12;

const port = /** @type {import('node:worker_threads').MessagePort} */ (parentPort);
const error = libheif._malloc(answerBytes);
const answer = libheif._malloc(answerBytes);

const image = open(await reply(null));
const header = headerOf(image);
const file = readPixels(image, header, await reply(header));
port.postMessage(file, [file.buffer]);

/**
 * Says something, and waits for what comes back.
 * @param {unknown} message
 * @returns {Promise<Uint8Array>}
 */
async function reply(message) {
  const answered = once(port, 'message');
  port.postMessage(message);
  return (await answered)[0];
}

/**
 * Opens a file. What it needs is freed with the thread.
 * @param {Uint8Array} bytes
 * @returns {Image}
 */
function open(bytes) {
  const context = libheif._heif_context_alloc();
  const address = libheif._malloc(bytes.length);
  libheif.HEAPU8.set(bytes, address);
  libheif._heif_context_read_from_memory_without_copy(error, context, address, bytes.length, 0);
  check();
  libheif._heif_context_get_primary_image_handle(error, context, answer);
  if (word(error) === 0) return { handle: word(answer) };
  const track = libheif._heif_context_has_sequence(context) ? libheif._heif_context_get_track(context, 0) : 0;
  if (track === 0) check();
  return { track };
}

/**
 * @param {Image} image
 * @returns {HeicHeader}
 */
function headerOf(image) {
  if ('track' in image) {
    libheif._heif_track_get_image_resolution(error, image.track, answer, answer + 2);
    check();
    const [width, height] = new Uint16Array(libheif.HEAPU8.buffer, answer, 2);
    return { width, height, channels: 3, icc: undefined, primaries: undefined };
  }
  const { handle } = image;
  const icc = profileOf(handle);
  return {
    width: libheif._heif_image_handle_get_width(handle),
    height: libheif._heif_image_handle_get_height(handle),
    channels: libheif._heif_image_handle_has_alpha_channel(handle) ? 4 : 3,
    icc,
    primaries: icc ? undefined : primariesOf(handle),
  };
}

/** @param {number} handle */
function profileOf(handle) {
  const length = libheif._heif_image_handle_get_raw_color_profile_size(handle);
  if (length === 0) return undefined;
  const address = libheif._malloc(length);
  libheif._heif_image_handle_get_raw_color_profile(error, handle, address);
  check();
  return libheif.HEAPU8.slice(address, address + length);
}

/**
 * The second word of heif_color_profile_nclx. A file need not have one.
 * @param {number} handle
 */
function primariesOf(handle) {
  libheif._heif_image_handle_get_nclx_color_profile(error, handle, answer);
  return word(error) === 0 ? word(word(answer) + 4) : undefined;
}

/**
 * Decodes to 8-bit samples, upright, row after row, behind what is to stand before them.
 * @param {Image} image
 * @param {HeicHeader} header
 * @param {Uint8Array} head
 */
function readPixels(image, { width, height, channels }, head) {
  if ('track' in image) {
    libheif._heif_track_decode_next_image(error, image.track, answer, rgb, interleaved[channels], 0);
  } else {
    libheif._heif_decode_image(error, image.handle, answer, rgb, interleaved[channels], 0);
  }
  check();
  const decoded = word(answer);
  const plane = libheif._heif_image_get_plane_readonly2(decoded, interleavedChannel, answer);
  const stride = word(answer);
  const columns = libheif._heif_image_get_width(decoded, interleavedChannel);
  const rows = libheif._heif_image_get_height(decoded, interleavedChannel);
  if (columns !== width || rows !== height) {
    throw new Error(`Expected ${width} × ${height} pixels as the header says, received ${columns} × ${rows}.`);
  }
  const rowBytes = width * channels;
  const file = new Uint8Array(head.length + height * rowBytes);
  file.set(head);
  for (let y = 0; y < height; y++) {
    const at = plane + y * stride;
    file.set(libheif.HEAPU8.subarray(at, at + rowBytes), head.length + y * rowBytes);
  }
  return file;
}

function check() {
  if (word(error) === 0) return;
  const message = word(error + 8);
  const text = libheif.HEAPU8.subarray(message, libheif.HEAPU8.indexOf(0, message));
  throw new Error(`libheif: ${Buffer.from(text).toString()}`);
}

/** @param {number} address */
function word(address) {
  return libheif.HEAPU32[address >> 2];
}
