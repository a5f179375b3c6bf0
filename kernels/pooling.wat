;; The two inner loops of pooling by area (lib/vision/summed-rows.ts and area-pool.ts), four lanes at a time: red, green, blue, and one that nobody reads.
;; `npm run kernels` makes lib/vision/pooling-kernels.ts of this file. A pixel of the summed-area table has 16 bytes, one of the photo 3.
(module
  (memory (export "memory") 1)

  ;; Writes a row of the table, $to, which sums up all pixels of $width to the left and all above: the row before, $above, and one of the photo, $pixels,
  ;; of which a byte more is read.
  (func (export "addRow") (param $pixels i32) (param $width i32) (param $above i32) (param $to i32)
    (local $end i32)
    (local $sum v128)
    (v128.store (local.get $to) (local.get $sum))
    (local.set $end (i32.add (local.get $pixels) (i32.mul (local.get $width) (i32.const 3))))
    (loop $pixel
      (local.set $above (i32.add (local.get $above) (i32.const 16)))
      (local.set $to (i32.add (local.get $to) (i32.const 16)))
      (local.set $sum
        (i32x4.add
          (local.get $sum)
          (i32x4.extend_low_i16x8_u (i16x8.extend_low_i8x16_u (v128.load32_zero (local.get $pixels))))))
      (v128.store (local.get $to) (i32x4.add (v128.load (local.get $above)) (local.get $sum)))
      (local.set $pixels (i32.add (local.get $pixels) (i32.const 3)))
      (br_if $pixel (i32.lt_u (local.get $pixels) (local.get $end)))))

  ;; Pools $width pixels of the photo into $columns, from floor(i·width/columns) to ceil((i+1)·width/columns), between two rows of the table, $upper and
  ;; $lower, and writes each sum, times $share and divided by the pixels across, less 127.5 / 128, into three planes, $plane bytes apart, as float32.
  (func (export "poolRow")
    (param $upper i32) (param $lower i32) (param $width i32) (param $columns i32) (param $share f64) (param $to i32) (param $plane i32)
    (local $whole i32) ;; i·width/columns grows by this with each column,
    (local $part i32) ;; and by this many columns' parts
    (local $parts i32)
    (local $before i32)
    (local $next i32)
    (local $after i32)
    (local $end i32)
    (local $scale v128)
    (local $sums v128)
    (local $redGreen v128)
    (local $blue v128)
    (local.set $whole (i32.div_u (local.get $width) (local.get $columns)))
    (local.set $part (i32.rem_u (local.get $width) (local.get $columns)))
    (local.set $end (i32.add (local.get $to) (i32.shl (local.get $columns) (i32.const 2))))
    (loop $column
      (local.set $next (i32.add (local.get $before) (local.get $whole)))
      (local.set $parts (i32.add (local.get $parts) (local.get $part)))
      (if (i32.ge_u (local.get $parts) (local.get $columns))
        (then
          (local.set $parts (i32.sub (local.get $parts) (local.get $columns)))
          (local.set $next (i32.add (local.get $next) (i32.const 1)))))
      (local.set $after (i32.add (local.get $next) (i32.ne (local.get $parts) (i32.const 0))))
      (local.set $scale
        (f64x2.splat
          (f64.div (local.get $share) (f64.convert_i32_u (i32.sub (local.get $after) (local.get $before))))))
      (local.set $before (i32.shl (local.get $before) (i32.const 4)))
      (local.set $after (i32.shl (local.get $after) (i32.const 4)))
      (local.set $sums
        (i32x4.add
          (i32x4.sub
            (i32x4.sub
              (v128.load (i32.add (local.get $lower) (local.get $after)))
              (v128.load (i32.add (local.get $lower) (local.get $before))))
            (v128.load (i32.add (local.get $upper) (local.get $after))))
          (v128.load (i32.add (local.get $upper) (local.get $before)))))
      ;; 64 bits until the end, so that the last of the 32 is the definition's.
      (local.set $redGreen
        (f32x4.demote_f64x2_zero
          (f64x2.sub
            (f64x2.mul (f64x2.convert_low_i32x4_s (local.get $sums)) (local.get $scale))
            (v128.const f64x2 0.99609375 0.99609375))))
      (local.set $blue
        (f32x4.demote_f64x2_zero
          (f64x2.sub
            (f64x2.mul
              (f64x2.convert_low_i32x4_s
                (i8x16.shuffle 8 9 10 11 12 13 14 15 8 9 10 11 12 13 14 15 (local.get $sums) (local.get $sums)))
              (local.get $scale))
            (v128.const f64x2 0.99609375 0.99609375))))
      (v128.store32_lane 0 (local.get $to) (local.get $redGreen))
      (v128.store32_lane 1 (i32.add (local.get $to) (local.get $plane)) (local.get $redGreen))
      (v128.store32_lane 0 (i32.add (local.get $to) (i32.shl (local.get $plane) (i32.const 1))) (local.get $blue))
      (local.set $before (local.get $next))
      (local.set $to (i32.add (local.get $to) (i32.const 4)))
      (br_if $column (i32.lt_u (local.get $to) (local.get $end))))))
