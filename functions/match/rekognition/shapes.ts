import type { AssessedFace } from '../../../lib/core/photo-faces.ts';
import type { FaceRecord } from '../../../lib/core/records.ts';
import type { BoundingBox, DetectedFace, Landmarks, Point } from '../../../lib/vision/geometry.ts';
import type { Size } from '../../../lib/vision/image.ts';

/** A box as ratios of the upright photo; it leaves 0..1 where a face is cut by the edge. */
export function boundingBoxOf({ left, top, width, height }: BoundingBox, photo: Size) {
  return {
    Width: width / photo.width,
    Height: height / photo.height,
    Left: left / photo.width,
    Top: top / photo.height,
  };
}

/** A part of one as the percentage that the protocol speaks. */
export function percentOf(part: number): number {
  return 100 * part;
}

/** Where the detector sees a face, and what its pixels are good for: all that is known of it. What Rekognition guesses beyond that is absent. */
export function faceDetailOf({ box, landmarks, confidence, quality }: AssessedFace, photo: Size) {
  const { pose, brightness, sharpness } = quality;
  return {
    BoundingBox: boundingBoxOf(box, photo),
    Landmarks: landmarksOf(landmarks, photo),
    Pose: { Roll: pose.roll, Yaw: pose.yaw, Pitch: pose.pitch },
    Quality: { Brightness: brightness, Sharpness: sharpness },
    Confidence: percentOf(confidence),
  };
}

/** The box and confidence of a face. */
export function foundFaceOf({ box, confidence }: DetectedFace, photo: Size) {
  return { BoundingBox: boundingBoxOf(box, photo), Confidence: percentOf(confidence) };
}

/** A stored face. Somebody's enrolled face has the person as its user. */
export function faceOf(face: FaceRecord) {
  const { faceId, imageId, externalImageId, box, confidence, imageWidth, imageHeight, model, role, person } = face;
  return {
    FaceId: faceId,
    BoundingBox: boundingBoxOf(box, { width: imageWidth, height: imageHeight }),
    ImageId: imageId,
    ExternalImageId: externalImageId,
    Confidence: percentOf(confidence),
    IndexFacesModelVersion: model,
    ...(role === 'person' && { UserId: person }),
  };
}

function landmarksOf({ leftEye, rightEye, mouthLeft, mouthRight, nose }: Landmarks, { width, height }: Size) {
  const at = (Type: string, [x, y]: Point) => ({ Type, X: x / width, Y: y / height });
  return [
    at('eyeLeft', leftEye),
    at('eyeRight', rightEye),
    at('mouthLeft', mouthLeft),
    at('mouthRight', mouthRight),
    at('nose', nose),
  ];
}
