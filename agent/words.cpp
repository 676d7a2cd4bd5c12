// SPDX-License-Identifier: Apache-2.0
#include "agent/words.h"

#include <fmt/format.h>

#include <array>

namespace sitecast::agent {
namespace {

struct Entry {
  std::string_view key;
  std::string_view chinese;
  std::string_view english;
};

constexpr std::array kEntries = {
    Entry{"recording", "正在拍摄", "recording"},
    Entry{"on_device", "在设备上等待", "waiting on the device"},
    Entry{"sending", "正在发送", "sending"},
    Entry{"at_hub", "已到中心", "at the centre"},
    Entry{"verified", "已到中心并核验", "at the centre, verified"},
    Entry{"filmed", "已拍", "filmed"},
    Entry{"saved", "已存本机", "saved here"},
    Entry{"arrived", "已到中心", "at the centre"},
    Entry{"to_send", "待发", "to send"},
    Entry{"not_synced", "正在写入", "being saved"},
    Entry{"no_password", "读不到设备的密码文件，暂不能发送；拍摄不受影响",
          "the device's password file cannot be read, so nothing is sent; filming goes on"},
    Entry{"no_link", "没有网络", "no network"},
    Entry{"not_trusted", "无法确认中心的身份（证书不被信任）",
          "the centre's identity cannot be confirmed (its certificate)"},
    Entry{"not_admitted", "中心不接受设备的凭据", "the device's credentials are not accepted"},
    Entry{"hub_absent", "中心暂不在线，素材安全保存在设备上", "the centre is away"},
    Entry{"hub_full", "中心存储已满", "the centre's storage is full"},
    Entry{"hub_io_error", "中心磁盘出错", "the centre's disk has a problem"},
    Entry{"hub_overloaded", "中心繁忙", "the centre is busy"},
    Entry{"refused", "中心未接受", "not accepted by the centre"},
    Entry{"damaged_on_device", "设备上的文件已损坏", "damaged on the device"},
    Entry{"queued_behind_older", "排在更早的拍摄之后", "an older one goes first"},
    Entry{"queued_behind_live", "网络正用于直播", "the link is busy with live"},
    Entry{"awaiting_receipt", "等待中心确认", "waiting for the centre's confirmation"},
    Entry{"metered_network", "流量计费网络上只发直播", "only live is sent on this metered network"},
    Entry{"data_budget", "今天的流量预算已用完", "today's data budget is used up"},
    Entry{"agent_not_running", "发送程序没有运行", "nothing is running that sends"},
    Entry{"disk_full", "设备存储空间不足", "the device's disk is full"},
    Entry{"quota_full", "设备上预留的空间已用完", "the space for footage is used up"},
    Entry{"disk_error", "设备磁盘出错", "the device's disk has a problem"},
    Entry{"low_room", "设备上留给影像的空间快用完了",
          "little room is left for footage on the device"},
    Entry{"room_for", "按现在的速度还可拍摄约", "enough at the present rate for about"},
    Entry{"paused_full", "设备空间已满，拍摄暂停；已拍的都在，有空间后自动继续",
          "the device is full: filming is paused; what was filmed is safe, and filming goes on by "
          "itself when there is room"},
    Entry{"resumed", "又有空间了，继续拍摄", "there is room again, filming goes on as"},
    Entry{"thinned", "因设备空间不足，未发出的高清版已舍去",
          "the unsent full-quality rendition was given up because the device was full"},
    Entry{"too_dark", "画面太暗", "too dark"},
    Entry{"blurred", "画面模糊", "blurred"},
    Entry{"lens_covered", "镜头被遮挡", "lens covered"},
    Entry{
        "not_looked_at", "照片已原样保存，但未能查看：画质没有检查，也没有拍摄时间和位置",
        "the photo is kept as it is, but could not be looked at: its quality was not checked, and "
        "its time and place are not known"},
    Entry{"unknown_capture",
          "本机不认识这次采集：可能属于其他设备，或并不存在；中心可能不接受这条备注",
          "this device does not know that capture: it may be another device's, or not exist, and "
          "the centre may not accept the note"},
    Entry{"over", "已恢复", "better again"},
    Entry{"stopped", "拍摄结束", "recording ended"},
    Entry{"source_ended", "素材播放完毕", "the source has ended"},
    Entry{"error", "出错，拍摄已停止", "recording stopped by an error"},
    Entry{"restarted", "因程序中断而结束", "ended when the program was cut off"},
    Entry{"damaged", "因本机文件损坏而提前结束，其后拍摄的内容仍留在本机",
          "cut short by a damaged file; what was filmed after it is kept on this device"},
    Entry{"started", "开始拍摄", "recording started"},
    Entry{"stored", "已保存", "saved"},
    Entry{"noted", "已记录", "noted"},
    Entry{"all_sent", "全部已到中心", "everything is at the centre"},
    Entry{"nothing_here", "本机还没有任何拍摄", "nothing has been filmed on this device yet"},
    Entry{"screen", "本机操作页面：", "this device's screen:"},
    Entry{"ready", "已就绪", "ready"},
    Entry{"walkthrough", "走访", "walk-through"},
    Entry{"photo", "照片", "photo"},
    Entry{"document", "文件", "document"},
    Entry{"timelapse", "延时", "time-lapse"},
    Entry{"meeting", "会议", "meeting"},
    Entry{"note", "备注", "note"},
    Entry{"notes", "条备注待发", "notes to send"},
    Entry{"captures", "项待发", "to send"},
    Entry{"remaining", "按现在的速度，还需约", "at the present rate about"},
    Entry{"data_today", "今天已用流量", "data used today"},
    Entry{"left", "还需约", "about"},
    Entry{"remaining_unknown", "所需时间未知：还没有送达过内容",
          "time left unknown: nothing was delivered yet"},
    Entry{"remaining_stalled", "所需时间未知：现在没有进展",
          "time left unknown: nothing gets through just now"},
    Entry{"only_here", "只在本机上的影像", "only on this device"},
    Entry{"live_quality", "直播画质随网络降低", "live is reduced to fit the network"},
    Entry{"540p", "540p", "540p"},
    Entry{"360p", "360p", "360p"},
    Entry{"360p15", "360p，每秒15帧", "360p, 15 pictures a second"},
    Entry{"240p10", "240p，每秒10帧", "240p, 10 pictures a second"},
    Entry{"stills", "每3秒一张静态画面和语音", "a still every 3 s, and voice"},
    Entry{"voice", "仅语音", "voice only"},
    Entry{"record_only", "暂停直播，只在本机拍摄", "not live, recorded on this device only"},
    Entry{"another_device", "另一台设备", "another device"},
    Entry{"speaks", "正在讲话", "is speaking"},
    Entry{"talk_over", "讲话结束", "nobody is speaking any more"},
    Entry{"points_at", "指着画面", "points at the"},
    Entry{"at_top_left", "左上方", "top left"},
    Entry{"at_top", "上方", "top"},
    Entry{"at_top_right", "右上方", "top right"},
    Entry{"at_left", "左侧", "left"},
    Entry{"at_middle", "正中", "middle"},
    Entry{"at_right", "右侧", "right"},
    Entry{"at_bottom_left", "左下方", "bottom left"},
    Entry{"at_bottom", "下方", "bottom"},
    Entry{"at_bottom_right", "右下方", "bottom right"},
    Entry{"request_open", "待拍摄", "to film"},
    Entry{"request_accepted", "已接受", "accepted"},
    Entry{"request_answered", "已回应", "answered"},
    Entry{"request_closed", "已了结", "closed"},
    Entry{"due", "截止", "by"},
    Entry{"no_requests", "没有待拍摄的请求", "nobody asks for anything"},
    Entry{"dropped", "画面来不及编码", "frames came too fast to encode"},
};

}  // namespace

Language language_of(std::string_view locale) {
  return locale.substr(0, 2) == "zh" ? Language::kChinese : Language::kEnglish;
}

std::string_view say(Language language, std::string_view key) {
  for (const Entry& entry : kEntries) {
    if (entry.key == key) return language == Language::kChinese ? entry.chinese : entry.english;
  }
  return key;
}

std::string say_duration(std::int64_t duration_ms) {
  const std::int64_t seconds = duration_ms / 1000;
  if (seconds >= 3600) {
    return fmt::format("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
  }
  return fmt::format("{}:{:02}", seconds / 60, seconds % 60);
}

std::string say_size(std::uint64_t size_bytes) {
  constexpr std::array kUnits = {"kB", "MB", "GB", "TB"};
  if (size_bytes < 1000) return fmt::format("{} B", size_bytes);
  auto value = static_cast<double>(size_bytes);
  std::size_t unit = 0;
  for (value /= 1000; value >= 999.95 && unit + 1 < kUnits.size(); ++unit) value /= 1000;
  return fmt::format("{:.1f} {}", value, kUnits[unit]);
}

}  // namespace sitecast::agent
