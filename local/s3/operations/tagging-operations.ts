import { receiveText } from '../incoming-body.ts';
import { tagSet, tagsOfXml } from '../object-tags.ts';
import { type Operation, versionHeaders, xmlResponse } from '../operation.ts';
import { versionIdOf } from './read-operations.ts';

export const getObjectTagging: Operation = async (request, { store }) => {
  const version = await store.find(request.bucket, request.key, versionIdOf(request));
  return xmlResponse('Tagging', tagSet(version.tags), versionHeaders(version));
};

export const putObjectTagging: Operation = async (request, { store }) => {
  const tags = tagsOfXml(await receiveText(request));
  const version = await store.retag(request.bucket, request.key, versionIdOf(request), tags);
  return { status: 200, headers: versionHeaders(version) };
};

export const deleteObjectTagging: Operation = async (request, { store }) => {
  const version = await store.retag(request.bucket, request.key, versionIdOf(request), {});
  return { status: 204, headers: versionHeaders(version) };
};
