import { z } from 'zod';
import { qualityFilters } from './quality-filter.ts';

/** At most so many faces of a photo are looked at, the largest (DetectFaces, CompareFaces and IndexFaces). */
export const mostFaces = 100;

/** A percentage, as thresholds are. */
export const percent = z.number().min(0).max(100);

export const qualityFilter = z.enum(qualityFilters);

/** What of a face is asked for; all that is known of one is always told, so that this says nothing. */
export const attributes = z.array(
  z.enum([
    'DEFAULT',
    'ALL',
    'AGE_RANGE',
    'BEARD',
    'EMOTIONS',
    'EYE_DIRECTION',
    'EYEGLASSES',
    'EYES_OPEN',
    'GENDER',
    'MOUTH_OPEN',
    'MUSTACHE',
    'FACE_OCCLUDED',
    'SMILE',
    'SUNGLASSES',
  ]),
);
