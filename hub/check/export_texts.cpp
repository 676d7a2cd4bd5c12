// SPDX-License-Identifier: Apache-2.0
#include "hub/check/export_texts.h"

#include <fmt/format.h>

namespace sitecast::hub {
namespace {

std::string key_text(const ExportManifest& manifest) {
  return manifest.device_key ? base64url_encode(*manifest.device_key) : std::string("-");
}

}  // namespace

std::vector<PartSpan> VerifiedTrack::unproven() const {
  std::vector<PartSpan> rest;
  auto proof = proven.begin();
  for (const PartSpan& span : present) {
    std::uint64_t at = span.first;
    while (at < span.end()) {
      while (proof != proven.end() && proof->end() <= at) ++proof;
      const bool covered = proof != proven.end() && proof->first <= at;
      const std::uint64_t until = proof == proven.end()
                                      ? span.end()
                                      : std::min(span.end(), covered ? proof->end() : proof->first);
      if (!covered) append_span(rest, at, until);
      at = until;
    }
  }
  return rest;
}

std::string export_readme(const ExportManifest& manifest) {
  return fmt::format(
      "云现场 Sitecast — 采集导出 / export of a capture\n"
      "采集编号 capture: {0}\n"
      "设备编号 device:  {1}\n"
      "设备公钥 key:     {2}\n\n"
      "movie*.mp4   可直接播放的视频（未经重新编码）\n"
      "events.json  备注、进度等记录（由中心的服务器登记，设备未对其签名）\n"
      "proof/       设备发送的原始数据；proof.json 为其说明\n"
      "SHA256SUMS   各文件的校验值：sha256sum -c SHA256SUMS\n"
      "完整验证（无需网络和数据库）：sitecast-hub verify 本文件夹\n"
      "请通过其他途径向中心核对上面的设备公钥。\n\n"
      "movie*.mp4   to watch; remuxed, not encoded again\n"
      "events.json  notes, progress and so on, as the centre's hub recorded them; the device does\n"
      "             not sign them\n"
      "proof/       the data as the device sent it; proof.json describes it\n"
      "SHA256SUMS   hashes of all files: sha256sum -c SHA256SUMS\n"
      "The whole check, without network or database: sitecast-hub verify THIS-FOLDER\n"
      "Compare the device's public key above with the centre's records by another way.\n",
      manifest.capture.text(), manifest.device.text(), key_text(manifest));
}

std::string verified_text(const ExportManifest& manifest,
                          const std::vector<VerifiedTrack>& tracks) {
  std::string unsigned_zh;
  std::string unsigned_en;
  std::string open_zh;
  std::string open_en;
  for (const VerifiedTrack& track : tracks) {
    if (const auto unproven = track.unproven(); !unproven.empty()) {
      const std::string spans = format_spans(unproven);
      unsigned_zh += fmt::format("- {} 的第 {} 段：没有签名覆盖到它们\n", track.name, spans);
      unsigned_en += fmt::format("- {} parts {}: no signature reaches them\n", track.name, spans);
    }
    if (!track.missing.empty()) {
      const std::string spans = format_spans(track.missing);
      unsigned_zh += fmt::format("- {} 的第 {} 段：缺失，内容未知\n", track.name, spans);
      unsigned_en +=
          fmt::format("- {} parts {}: missing, what they showed is unknown\n", track.name, spans);
    }
    if (!track.ended && track.stated_parts) {
      const std::uint64_t last = *track.stated_parts - 1;
      open_zh +=
          fmt::format("- {} 在第 {} 段结束：设备对结束的声明记录在 events.json 中，未经签名\n",
                      track.name, last);
      open_en += fmt::format(
          "- {}: that it ended with part {}: the device's statement of the end is in events.json "
          "and "
          "is not signed\n",
          track.name, last);
    } else if (!track.ended) {
      open_zh += fmt::format("- {}：设备未声明结束，之后可能还有内容\n", track.name);
      open_en +=
          fmt::format("- {}: the device did not say that it ended, more may follow\n", track.name);
    }
  }
  return fmt::format(
      "已验证 VERIFIED\n"
      "已证明：上列已签名的各段自设备 {0} 用密钥 {1} 签名以来未被更改、替换、调换或插入；"
      "视频和原始文件正是由这些段生成的。\n"
      "未证明：\n{2}{3}"
      "- 画面内容是真实的（设备也可能拍摄屏幕或照片）\n"
      "- 设备时钟准确，或设备由谁持有\n"
      "- 该密钥属于中心登记的设备且未被盗用：请与中心的登记核对\n"
      "- events.json 中的记录：由服务器登记，设备未对其签名\n\n"
      "Proven: the signed parts listed above are as device {0} signed them with key {1}: none was "
      "altered, replaced, moved or inserted; movie and originals are made of these parts.\n"
      "NOT proven:\n{4}{5}"
      "- that the scene was real (a device can film a screen or a photo)\n"
      "- that the device's clock was right, or who held the device\n"
      "- that the key is that of a device the centre enrolled, and was not stolen: compare it with "
      "the centre's records\n"
      "- events.json: recorded by the hub, not signed by the device\n",
      manifest.device.text(), key_text(manifest), unsigned_zh, open_zh, unsigned_en, open_en);
}

std::string not_verified_text(std::uint64_t problems) {
  return fmt::format(
      "未通过验证 NOT VERIFIED\n"
      "以上 {0} 处问题：此文件夹不是导出时的样子，或档案本身已损坏。请向中心重新索取导出。\n"
      "{0} problem(s) above: this folder is not as it was exported, or the archive itself was "
      "damaged. Ask the centre for a new export.\n",
      problems);
}

std::string unsigned_text(const ExportManifest& manifest) {
  return fmt::format(
      "未证明 NOT PROVEN\n"
      "文件与导出时一致，但没有任何一段带有设备 {0} "
      "的有效签名，因此无法证明由谁拍摄、是否被改动。\n"
      "The files are as they were exported, but no part carries a valid signature of device {0}: "
      "nothing proves who filmed this or that it was not changed before the export.\n",
      manifest.device.text());
}

}  // namespace sitecast::hub
