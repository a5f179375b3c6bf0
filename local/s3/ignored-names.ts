/** Names that operating systems, editors, browsers and copy tools give to files of their own. */
const passing = [
  /^\./,
  /~$/,
  /^~\$/,
  /^#.*#$/,
  /\.(tmp|temp|part|partial|filepart|crdownload|download|swp|swx)$/i,
  /^(thumbs\.db|desktop\.ini)$/i,
];

/** Whether a file or folder of this name, put into a bucket's folder by hand, is left alone: hidden, temporary, or a file manager's. */
export function isIgnoredName(name: string): boolean {
  return passing.some((pattern) => pattern.test(name));
}
