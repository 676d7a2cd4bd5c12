// SPDX-License-Identifier: Apache-2.0
#include "proto/codec/box_reader.h"

#include <fmt/format.h>

#include "proto/codec/box.h"
#include "proto/codec/codec_config.h"
#include "proto/codec/limits.h"

namespace sitecast {
namespace {

constexpr std::uint32_t kFlagsMask = 0x00ff'ffff;
// A moof of kSamplesPerPart samples, with room for boxes that we skip.
constexpr std::size_t kMoofBytes = 16 * limits::kSamplesPerPart + 1024;

Error wrong(std::string_view box, std::string_view what) {
  return invalid_argument(fmt::format("{}: {}", box, what));
}

// Content of nested boxes: descend(moov, {"trak", "mdia"}).
Result<ByteView> descend(ByteView content, std::initializer_list<std::string_view> path) {
  for (const std::string_view type : path) {
    SC_TRY_ASSIGN(const Box box, only_child(content, type));
    content = box.content;
  }
  return content;
}

Status check_brands(ByteView ftyp) {
  FieldReader fields(ftyp);
  fields.skip(8);  // major brand and its version
  while (fields.ok() && !fields.rest().empty()) {
    if (fields.u32() == fourcc("cmfc") && fields.ok()) return Ok{};
  }
  return wrong("ftyp", "brand cmfc is not listed");
}

// version 0 has 32-bit times, version 1 64-bit ones; `after_times` fields follow both.
FieldReader after_times(ByteView content) {
  FieldReader fields(content);
  const std::uint8_t version = fields.u8();
  fields.skip(3);
  fields.skip(version == 0 ? 8 : version == 1 ? 16 : content.size());
  return fields;
}

// Samples belong into fragments, so that the tables of the init segment stay empty.
Status check_empty_tables(ByteView stbl) {
  for (const std::string_view type : {"stts", "stsc", "stco"}) {
    SC_TRY_ASSIGN(const Box box, only_child(stbl, type));
    FieldReader fields(box.content);
    fields.skip(4);
    if (fields.u32() != 0 || !fields.ok()) return wrong(type, "is not empty");
  }
  SC_TRY_ASSIGN(const Box stsz, only_child(stbl, "stsz"));
  FieldReader fields(stsz.content);
  fields.skip(8);
  if (fields.u32() != 0 || !fields.ok()) return wrong("stsz", "is not empty");
  return Ok{};
}

Status read_video_entry(const Box& entry, InitInfo& info) {
  FieldReader fields(entry.content);
  fields.skip(24);
  info.width_px = fields.u16();
  info.height_px = fields.u16();
  fields.skip(50);
  if (!fields.ok()) return wrong("avc1", "is cut off");
  if (info.width_px == 0 || info.width_px > kPictureSidePx || info.height_px == 0 ||
      info.height_px > kPictureSidePx) {
    return wrong("avc1", "picture size is out of range");
  }
  SC_TRY_ASSIGN(const Box avcc, only_child(fields.rest(), "avcC"));
  SC_TRY(check_avcc(avcc.content));
  info.codec = Codec::kAvc;
  info.codec_config = avcc.content;
  return Ok{};
}

// Skips a descriptor's head (tag and a length of up to four bytes, ISO/IEC 14496-1 section 8.3.3)
// and returns its content; empty when it is another tag or does not fit.
ByteView take_descriptor(FieldReader& fields, std::uint8_t tag) {
  if (fields.u8() != tag) return {};
  std::size_t size = 0;
  for (int i = 0; i < 4; ++i) {
    const std::uint8_t byte = fields.u8();
    size = size << 7 | (byte & 0x7fU);
    if ((byte & 0x80U) == 0) return fields.take(size);
  }
  return {};
}

Result<ByteView> find_audio_specific_config(ByteView esds) {
  FieldReader fields(esds);
  fields.skip(4);
  FieldReader stream(take_descriptor(fields, 0x03));
  stream.skip(2);
  if (stream.u8() != 0 || !stream.ok()) return wrong("esds", "stream flags are not 0");
  FieldReader decoder(take_descriptor(stream, 0x04));
  if (decoder.u8() != 0x40) return wrong("esds", "not MPEG-4 audio");
  decoder.skip(12);
  const ByteView config = take_descriptor(decoder, 0x05);
  if (config.empty()) return wrong("esds", "no AudioSpecificConfig");
  return config;
}

Status read_audio_entry(const Box& entry, InitInfo& info) {
  FieldReader fields(entry.content);
  fields.skip(28);
  if (!fields.ok()) return wrong("audio sample entry", "is cut off");
  if (entry.type == fourcc("Opus")) {
    SC_TRY_ASSIGN(const Box dops, only_child(fields.rest(), "dOps"));
    SC_TRY_ASSIGN(const OpusConfig config, parse_opus_config(dops.content));
    info.codec = Codec::kOpus;
    info.codec_config = dops.content;
    info.channel_count = config.channel_count;
    info.pre_skip = config.pre_skip;
    info.sample_rate_hz = 48'000;
  } else {
    SC_TRY_ASSIGN(const Box esds, only_child(fields.rest(), "esds"));
    SC_TRY_ASSIGN(info.codec_config, find_audio_specific_config(esds.content));
    SC_TRY_ASSIGN(const AacConfig config, parse_aac_config(info.codec_config));
    info.codec = Codec::kAac;
    info.channel_count = config.channel_count;
    info.sample_rate_hz = config.sample_rate_hz;
  }
  if (info.timescale != info.sample_rate_hz) {
    return wrong("mdhd", "the timescale of sound is its sample rate");
  }
  return Ok{};
}

Status read_sample_entry(ByteView stsd, std::uint32_t handler, InitInfo& info) {
  FieldReader fields(stsd);
  fields.skip(4);
  if (fields.u32() != 1 || !fields.ok()) return wrong("stsd", "not exactly one sample entry");
  ByteView rest = fields.rest();
  SC_TRY_ASSIGN(const Box entry, take_box(rest));
  if (!rest.empty()) return wrong("stsd", "more than one sample entry");
  info.sample_entry = entry.bytes;
  if (handler == fourcc("vide") && entry.type == fourcc("avc1")) {
    return read_video_entry(entry, info);
  }
  if (handler == fourcc("soun") && (entry.type == fourcc("Opus") || entry.type == fourcc("mp4a"))) {
    return read_audio_entry(entry, info);
  }
  return wrong("stsd", "the sample entry is none of avc1, Opus, mp4a or not of its handler");
}

Status check_trex(ByteView mvex) {
  SC_TRY_ASSIGN(const Box trex, only_child(mvex, "trex"));
  FieldReader fields(trex.content);
  fields.skip(4);
  if (fields.u32() != kCmafTrackId || !fields.ok()) return wrong("trex", "track is not 1");
  return Ok{};
}

struct FragmentDefaults {
  std::uint32_t present = 0;  // tfhd's flags
  std::uint32_t duration = 0;
  std::uint32_t size_bytes = 0;
  std::uint32_t flags = 0;
};

Result<FragmentDefaults> read_tfhd(ByteView content) {
  FieldReader fields(content);
  FragmentDefaults defaults;
  defaults.present = fields.u32() & kFlagsMask;
  if (fields.u32() != kCmafTrackId) return wrong("tfhd", "track is not 1");
  if ((defaults.present & kTfhdDefaultBaseIsMoof) == 0 ||
      (defaults.present & (kTfhdBaseDataOffset | kTfhdDurationIsEmpty)) != 0) {
    return wrong("tfhd", "offsets are not from the moof");
  }
  if ((defaults.present & kTfhdSampleDescription) != 0 && fields.u32() != 1) {
    return wrong("tfhd", "sample description is not 1");
  }
  if ((defaults.present & kTfhdDefaultDuration) != 0) defaults.duration = fields.u32();
  if ((defaults.present & kTfhdDefaultSize) != 0) defaults.size_bytes = fields.u32();
  if ((defaults.present & kTfhdDefaultFlags) != 0) defaults.flags = fields.u32();
  if (!fields.ok() || !fields.rest().empty()) return wrong("tfhd", "wrong size");
  return defaults;
}

Result<std::uint64_t> read_tfdt(ByteView content) {
  FieldReader fields(content);
  const std::uint32_t version = fields.u32() >> 24;
  const std::uint64_t time = version == 1 ? fields.u64() : fields.u32();
  if (version > 1 || !fields.ok() || !fields.rest().empty()) return wrong("tfdt", "wrong size");
  if (time >= limits::kMediaTime) return wrong("tfdt", "decode time is beyond 2^53");
  return time;
}

// Every sample's duration, size and flags must be stated in the chunk itself.
Status check_sample_fields(std::uint32_t trun_flags, const FragmentDefaults& defaults) {
  const std::uint32_t known =
      kTrunDataOffset | kTrunFirstSampleFlags | kTrunDuration | kTrunSize | kTrunFlags;
  if ((trun_flags & ~known) != 0) return wrong("trun", "composition offsets or unknown fields");
  if ((trun_flags & kTrunDataOffset) == 0) return wrong("trun", "no data offset");
  if ((trun_flags & kTrunFlags) != 0 && (trun_flags & kTrunFirstSampleFlags) != 0) {
    return wrong("trun", "flags of the first sample are stated twice");
  }
  if (((trun_flags & kTrunDuration) == 0 && (defaults.present & kTfhdDefaultDuration) == 0) ||
      ((trun_flags & kTrunSize) == 0 && (defaults.present & kTfhdDefaultSize) == 0) ||
      ((trun_flags & kTrunFlags) == 0 && (defaults.present & kTfhdDefaultFlags) == 0)) {
    return wrong("trun", "duration, size or flags of the samples are not stated");
  }
  return Ok{};
}

Status read_trun(ByteView content, const FragmentDefaults& defaults, std::size_t payload_offset,
                 ChunkInfo& info) {
  FieldReader fields(content);
  const std::uint32_t flags = fields.u32() & kFlagsMask;
  SC_TRY(check_sample_fields(flags, defaults));
  const std::uint32_t count = fields.u32();
  if (count == 0 || count > limits::kSamplesPerPart) {
    return wrong("trun",
                 fmt::format("{} samples, allowed are 1 to {}", count, limits::kSamplesPerPart));
  }
  if (fields.u32() != payload_offset) return wrong("trun", "data offset is not the mdat's content");
  std::uint32_t first_flags = defaults.flags;
  if ((flags & kTrunFirstSampleFlags) != 0) first_flags = fields.u32();
  std::size_t sample_bytes = 0;
  for (const std::uint32_t field : {kTrunDuration, kTrunSize, kTrunFlags}) {
    if ((flags & field) != 0) sample_bytes += 4;
  }
  if (!fields.ok() || fields.rest().size() != sample_bytes * count) {
    return wrong("trun", "its size does not fit its sample count");
  }

  info.samples.reserve(count);
  std::uint64_t payload_size = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    SampleInfo sample;
    sample.duration = (flags & kTrunDuration) != 0 ? fields.u32() : defaults.duration;
    sample.size_bytes = (flags & kTrunSize) != 0 ? fields.u32() : defaults.size_bytes;
    const std::uint32_t sample_flags = (flags & kTrunFlags) != 0 ? fields.u32()
                                       : i == 0                  ? first_flags
                                                                 : defaults.flags;
    sample.key_frame = (sample_flags & kIsNonSyncFlag) == 0;
    if (sample.duration == 0) return wrong("trun", "sample without duration");
    if (sample.size_bytes == 0) return wrong("trun", "empty sample");
    payload_size += sample.size_bytes;
    info.duration += sample.duration;
    info.samples.push_back(sample);
  }
  if (payload_size != info.payload.size()) {
    return wrong("mdat", fmt::format("{} bytes, but its samples have {}", info.payload.size(),
                                     payload_size));
  }
  info.starts_with_key_frame = info.samples.front().key_frame;
  return Ok{};
}

}  // namespace

Result<InitInfo> read_init(ByteView init_segment) {
  if (init_segment.size() > limits::kInitSegmentBytes) {
    return invalid_argument(fmt::format("init segment of {} bytes is larger than {}",
                                        init_segment.size(), limits::kInitSegmentBytes));
  }
  ByteView rest = init_segment;
  SC_TRY_ASSIGN(const Box ftyp, take_box(rest));
  SC_TRY_ASSIGN(const Box moov, take_box(rest));
  if (ftyp.type != fourcc("ftyp") || moov.type != fourcc("moov") || !rest.empty()) {
    return invalid_argument("an init segment is ftyp and moov, nothing else");
  }
  SC_TRY(check_brands(ftyp.content));
  SC_TRY_ASSIGN(const ByteView mvex, descend(moov.content, {"mvex"}));
  SC_TRY(check_trex(mvex));
  SC_TRY_ASSIGN(const ByteView trak, descend(moov.content, {"trak"}));
  SC_TRY_ASSIGN(const auto edts, optional_child(trak, "edts"));
  if (edts) return wrong("edts", "edit lists are not used: media_time is the capture's own clock");
  SC_TRY_ASSIGN(const Box tkhd, only_child(trak, "tkhd"));
  if (FieldReader fields = after_times(tkhd.content);
      fields.u32() != kCmafTrackId || !fields.ok()) {
    return wrong("tkhd", "track is not 1");
  }

  InitInfo info;
  SC_TRY_ASSIGN(const ByteView mdia, descend(trak, {"mdia"}));
  SC_TRY_ASSIGN(const Box mdhd, only_child(mdia, "mdhd"));
  FieldReader times = after_times(mdhd.content);
  info.timescale = times.u32();
  if (!times.ok() || info.timescale == 0 || info.timescale > limits::kTimescale) {
    return wrong("mdhd", "timescale is out of range");
  }
  SC_TRY_ASSIGN(const Box hdlr, only_child(mdia, "hdlr"));
  FieldReader handler_fields(hdlr.content);
  handler_fields.skip(8);
  const std::uint32_t handler = handler_fields.u32();
  SC_TRY_ASSIGN(const ByteView stbl, descend(mdia, {"minf", "stbl"}));
  SC_TRY(check_empty_tables(stbl));
  SC_TRY_ASSIGN(const Box stsd, only_child(stbl, "stsd"));
  SC_TRY(read_sample_entry(stsd.content, handler, info));
  return info;
}

Result<ChunkInfo> read_chunk(ByteView chunk) {
  if (chunk.size() > limits::kPartBytes) {
    return invalid_argument(
        fmt::format("chunk of {} bytes is larger than {}", chunk.size(), limits::kPartBytes));
  }
  ByteView rest = chunk;
  SC_TRY_ASSIGN(Box moof, take_box(rest));
  if (moof.type == fourcc("styp")) {
    SC_TRY_ASSIGN(moof, take_box(rest));
  }
  SC_TRY_ASSIGN(const Box mdat, take_box(rest));
  if (moof.type != fourcc("moof") || mdat.type != fourcc("mdat") || !rest.empty()) {
    return invalid_argument("a chunk is moof and mdat, nothing else");
  }
  if (moof.bytes.size() > kMoofBytes) return wrong("moof", "too large");

  ChunkInfo info;
  info.payload = mdat.content;
  SC_TRY_ASSIGN(const Box mfhd, only_child(moof.content, "mfhd"));
  FieldReader fields(mfhd.content);
  fields.skip(4);
  info.fragment_number = fields.u32();
  if (!fields.ok()) return wrong("mfhd", "is cut off");
  SC_TRY_ASSIGN(const ByteView traf, descend(moof.content, {"traf"}));
  SC_TRY_ASSIGN(const Box tfhd, only_child(traf, "tfhd"));
  SC_TRY_ASSIGN(const FragmentDefaults defaults, read_tfhd(tfhd.content));
  SC_TRY_ASSIGN(const Box tfdt, only_child(traf, "tfdt"));
  SC_TRY_ASSIGN(info.decode_time, read_tfdt(tfdt.content));
  SC_TRY_ASSIGN(const Box trun, only_child(traf, "trun"));
  const std::size_t payload_offset = moof.bytes.size() + (mdat.bytes.size() - mdat.content.size());
  SC_TRY(read_trun(trun.content, defaults, payload_offset, info));
  return info;
}

}  // namespace sitecast
