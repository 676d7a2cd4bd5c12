// SPDX-License-Identifier: Apache-2.0
#include "proto/codec/cmaf_muxer.h"

#include <fmt/format.h>

#include "proto/codec/box.h"
#include "proto/codec/box_reader.h"
#include "proto/codec/codec_config.h"
#include "proto/codec/limits.h"

namespace sitecast {
namespace {

constexpr std::uint16_t kUndeterminedLanguage = 0x55c4;  // "und", ISO 639-2/T in three times 5 bits
constexpr std::uint32_t kFixedOne = 0x0001'0000;         // 1.0 as 16.16

struct TrackShape {
  bool video = false;
  std::uint32_t timescale = 0;
  std::uint32_t width_px = 0;
  std::uint32_t height_px = 0;
};

void write_matrix(BoxWriter& w) {  // the identity, section 8.2.2
  w.u32(kFixedOne);
  w.zeros(12);
  w.u32(kFixedOne);
  w.zeros(12);
  w.u32(0x4000'0000);
}

void write_ftyp(BoxWriter& w) {
  w.box("ftyp", [&] {
    w.u32(fourcc("iso6"));
    w.u32(0);
    w.u32(fourcc("iso6"));
    w.u32(fourcc("cmfc"));
  });
}

void write_mvhd(BoxWriter& w, const TrackShape& shape) {
  w.full_box("mvhd", 0, 0, [&] {
    w.zeros(8);  // creation and modification time: the envelope tells, and tells it with an offset
    w.u32(shape.timescale);
    w.u32(0);          // duration: in the fragments
    w.u32(kFixedOne);  // rate
    w.u16(0x0100);     // volume
    w.zeros(10);
    write_matrix(w);
    w.zeros(24);
    w.u32(kCmafTrackId + 1);
  });
}

void write_tkhd(BoxWriter& w, const TrackShape& shape) {
  w.full_box("tkhd", 0, 7, [&] {  // enabled, in movie, in preview
    w.zeros(8);
    w.u32(kCmafTrackId);
    w.zeros(8);   // reserved, duration
    w.zeros(12);  // reserved, layer, alternate group
    w.u16(shape.video ? 0 : 0x0100);
    w.u16(0);
    write_matrix(w);
    w.u32(shape.width_px << 16);
    w.u32(shape.height_px << 16);
  });
}

void write_data_information(BoxWriter& w) {
  w.box("dinf", [&] {
    w.full_box("dref", 0, 0, [&] {
      w.u32(1);
      w.full_box("url ", 0, 1, [] {});  // the media is in this file
    });
  });
}

template <typename SampleEntry>
void write_sample_table(BoxWriter& w, SampleEntry sample_entry) {
  w.box("stbl", [&] {
    w.full_box("stsd", 0, 0, [&] {
      w.u32(1);
      sample_entry();
    });
    w.full_box("stts", 0, 0, [&] { w.u32(0); });
    w.full_box("stsc", 0, 0, [&] { w.u32(0); });
    w.full_box("stsz", 0, 0, [&] { w.zeros(8); });
    w.full_box("stco", 0, 0, [&] { w.u32(0); });
  });
}

template <typename SampleEntry>
void write_media(BoxWriter& w, const TrackShape& shape, SampleEntry sample_entry) {
  w.box("mdia", [&] {
    w.full_box("mdhd", 0, 0, [&] {
      w.zeros(8);
      w.u32(shape.timescale);
      w.u32(0);
      w.u16(kUndeterminedLanguage);
      w.u16(0);
    });
    w.full_box("hdlr", 0, 0, [&] {
      w.u32(0);
      w.u32(fourcc(shape.video ? "vide" : "soun"));
      w.zeros(12);
      w.u8(0);  // empty name
    });
    w.box("minf", [&] {
      if (shape.video) {
        w.full_box("vmhd", 0, 1, [&] { w.zeros(8); });
      } else {
        w.full_box("smhd", 0, 0, [&] { w.zeros(4); });
      }
      write_data_information(w);
      write_sample_table(w, sample_entry);
    });
  });
}

template <typename SampleEntry>
Result<Bytes> make_init(const TrackShape& shape, SampleEntry sample_entry) {
  BoxWriter w;
  write_ftyp(w);
  w.box("moov", [&] {
    write_mvhd(w, shape);
    w.box("trak", [&] {
      write_tkhd(w, shape);
      write_media(w, shape, [&] { sample_entry(w); });
    });
    w.box("mvex", [&] {
      w.full_box("trex", 0, 0, [&] {
        w.u32(kCmafTrackId);
        w.u32(1);    // sample description
        w.zeros(8);  // duration and size are in every trun
        w.u32(shape.video ? kNonSyncSampleFlags : kSyncSampleFlags);
      });
    });
  });
  if (w.size() > limits::kInitSegmentBytes) {
    return invalid_argument(fmt::format("init segment of {} bytes is larger than {}", w.size(),
                                        limits::kInitSegmentBytes));
  }
  return w.take();
}

void write_audio_entry_head(BoxWriter& w, std::uint8_t channel_count, std::uint32_t rate_hz) {
  w.zeros(6);
  w.u16(1);  // data reference
  w.zeros(8);
  w.u16(channel_count);
  w.u16(16);  // sample size, a template value
  w.zeros(4);
  w.u32(rate_hz << 16);
}

// ISO/IEC 14496-1 section 7.2.6: descriptor tag, one length byte, content.
void write_descriptor_head(BoxWriter& w, std::uint8_t tag, std::size_t size) {
  w.u8(tag);
  w.u8(static_cast<std::uint8_t>(size));
}

void write_esds(BoxWriter& w, ByteView audio_specific_config) {
  constexpr std::size_t kDescriptorHead = 2;
  const std::size_t decoder_size = 13 + kDescriptorHead + audio_specific_config.size();
  const std::size_t sl_size = 1;
  w.full_box("esds", 0, 0, [&] {
    write_descriptor_head(w, 0x03, 3 + kDescriptorHead + decoder_size + kDescriptorHead + sl_size);
    w.u16(0);  // ES_ID is the track's in a file
    w.u8(0);
    write_descriptor_head(w, 0x04, decoder_size);
    w.u8(0x40);   // Audio ISO/IEC 14496-3
    w.u8(0x15);   // audio stream
    w.zeros(11);  // buffer size, maximum and average bit rate: not stated
    write_descriptor_head(w, 0x05, audio_specific_config.size());
    w.bytes(audio_specific_config);
    write_descriptor_head(w, 0x06, sl_size);
    w.u8(0x02);  // predefined: MP4 file
  });
}

}  // namespace

Result<Bytes> make_video_init(const VideoInit& init) {
  if (init.width_px == 0 || init.width_px > kPictureSidePx || init.height_px == 0 ||
      init.height_px > kPictureSidePx) {
    return invalid_argument(fmt::format("picture of {}x{} is not 1 to {} pixels a side",
                                        init.width_px, init.height_px, kPictureSidePx));
  }
  SC_TRY(check_avcc(init.avcc));
  const TrackShape shape{true, kVideoTimescale, init.width_px, init.height_px};
  return make_init(shape, [&](BoxWriter& w) {
    w.box("avc1", [&] {
      w.zeros(6);
      w.u16(1);  // data reference
      w.zeros(16);
      w.u16(static_cast<std::uint16_t>(init.width_px));
      w.u16(static_cast<std::uint16_t>(init.height_px));
      w.u32(0x0048'0000);  // 72 dpi, template values from here on
      w.u32(0x0048'0000);
      w.u32(0);
      w.u16(1);  // frames per sample
      w.zeros(32);
      w.u16(0x0018);
      w.u16(0xffff);
      w.box("avcC", [&] { w.bytes(init.avcc); });
    });
  });
}

Result<Bytes> make_opus_init(const OpusInit& init) {
  BoxWriter config;
  config.u8(0);
  config.u8(init.channel_count);
  config.u16(init.pre_skip);
  config.u32(init.input_sample_rate_hz);
  config.u16(0);  // output gain
  config.u8(0);   // mapping family
  const Bytes dops = config.take();
  SC_TRY_ASSIGN(const OpusConfig checked, parse_opus_config(dops));
  return make_init({false, kOpusTimescale, 0, 0}, [&](BoxWriter& w) {
    w.box("Opus", [&] {
      write_audio_entry_head(w, checked.channel_count, kOpusTimescale);
      w.box("dOps", [&] { w.bytes(dops); });
    });
  });
}

Result<Bytes> make_aac_init(const AacInit& init) {
  SC_TRY_ASSIGN(const AacConfig config, parse_aac_config(init.audio_specific_config));
  if (config.channel_count != init.channel_count || config.sample_rate_hz != init.sample_rate_hz) {
    return invalid_argument("AAC channels or sample rate differ from the AudioSpecificConfig");
  }
  return make_init({false, init.sample_rate_hz, 0, 0}, [&](BoxWriter& w) {
    w.box("mp4a", [&] {
      write_audio_entry_head(w, init.channel_count, init.sample_rate_hz);
      write_esds(w, init.audio_specific_config);
    });
  });
}

Result<Bytes> make_chunk(std::uint32_t fragment_number, std::uint64_t decode_time,
                         const std::vector<Sample>& samples) {
  if (samples.empty() || samples.size() > limits::kSamplesPerPart) {
    return invalid_argument(fmt::format("chunk of {} samples, allowed are 1 to {}", samples.size(),
                                        limits::kSamplesPerPart));
  }
  if (decode_time >= limits::kMediaTime) return invalid_argument("decode time is beyond 2^53");
  std::size_t payload_size = 0;
  for (const Sample& sample : samples) {
    if (sample.data.empty() || sample.data.size() > limits::kPartBytes) {
      return invalid_argument(fmt::format("sample of {} bytes", sample.data.size()));
    }
    if (sample.duration == 0) return invalid_argument("sample without duration");
    payload_size += sample.data.size();
  }

  BoxWriter w;
  w.reserve(payload_size + 12 * samples.size() + 96);
  std::size_t data_offset_at = 0;
  w.box("moof", [&] {
    w.full_box("mfhd", 0, 0, [&] { w.u32(fragment_number); });
    w.box("traf", [&] {
      w.full_box("tfhd", 0, kTfhdDefaultBaseIsMoof, [&] { w.u32(kCmafTrackId); });
      w.full_box("tfdt", 1, 0, [&] { w.u64(decode_time); });
      w.full_box("trun", 0, kTrunDataOffset | kTrunDuration | kTrunSize | kTrunFlags, [&] {
        w.u32(static_cast<std::uint32_t>(samples.size()));
        data_offset_at = w.size();
        w.u32(0);
        for (const Sample& sample : samples) {
          w.u32(sample.duration);
          w.u32(static_cast<std::uint32_t>(sample.data.size()));
          w.u32(sample.key_frame ? kSyncSampleFlags : kNonSyncSampleFlags);
        }
      });
    });
  });
  const std::size_t moof_size = w.size();
  if (moof_size + 8 + payload_size > limits::kPartBytes) {
    return invalid_argument(fmt::format("chunk with {} bytes of samples is larger than {}",
                                        payload_size, limits::kPartBytes));
  }
  w.set_u32(data_offset_at, static_cast<std::uint32_t>(moof_size + 8));
  w.box("mdat", [&] {
    for (const Sample& sample : samples) w.bytes(sample.data);
  });
  return w.take();
}

Result<std::string> codec_string(ByteView init_segment) {
  SC_TRY_ASSIGN(const InitInfo info, read_init(init_segment));
  switch (info.codec) {
    case Codec::kAvc:
      return fmt::format("avc1.{:02x}{:02x}{:02x}", info.codec_config[1], info.codec_config[2],
                         info.codec_config[3]);
    case Codec::kOpus: return std::string("opus");
    case Codec::kAac: return std::string("mp4a.40.2");
  }
  return internal_error("codec without a codec string");
}

}  // namespace sitecast
