// SPDX-License-Identifier: Apache-2.0
// EXIF (CIPA DC-008-2019) of a photo, read by exiv2 from untrusted bytes: its exceptions stop here.
// Thread-safe; one call at a time reads.
#pragma once

#include "proto/base/bytes.h"
#include "sitecast.pb.h"

namespace sitecast::agent {

// EXIF inside a JPEG or PNG file. Broken or absent metadata leave fields unset, never fail: the
// picture itself is what counts.
void read_exif_of_file(ByteView file, v1::PhotoMetadata& photo);
// A TIFF structure (HEIC's Exif item, without its four-byte offset).
void read_exif_of_tiff(ByteView tiff, v1::PhotoMetadata& photo);

}  // namespace sitecast::agent
