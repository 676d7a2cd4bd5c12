// SPDX-License-Identifier: Apache-2.0
#include "tests/support/hub_stack.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

#include "hub/archive/sidecar.h"
#include "proto/base/file.h"
#include "proto/codec/control.h"
#include "proto/codec/part_frame.h"
#include "proto/codec/topics.h"

namespace sitecast {
namespace {

using bench::MqttConnection;
using Deadline = std::chrono::steady_clock::time_point;

Deadline after(double seconds) {
  return std::chrono::steady_clock::now() +
         std::chrono::duration_cast<std::chrono::steady_clock::duration>(
             std::chrono::duration<double>(seconds));
}
bool passed(Deadline deadline) { return std::chrono::steady_clock::now() > deadline; }

std::string hub_program() { return std::string(SITECAST_BIN_DIR) + "/sitecast-hub"; }

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

struct Spawn {
  std::vector<std::string> command;
  std::filesystem::path folder;
  std::filesystem::path out;
  std::filesystem::path err;
  std::vector<std::string> environment;
};

pid_t spawn(const Spawn& what) {
  const pid_t pid = ::fork();
  if (pid < 0) std::abort();  // or a kill(-1) would follow, which is everybody
  if (pid != 0) return pid;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::chdir(what.folder.c_str()) != 0) ::_exit(126);
  const int out = ::open(what.out.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  const int err = ::open(what.err.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  ::dup2(out, 1);
  ::dup2(err, 2);
  for (const std::string& variable : what.environment) {
    const std::size_t equals = variable.find('=');
    ::setenv(variable.substr(0, equals).c_str(), variable.c_str() + equals + 1, 1);
  }
  std::vector<char*> words;
  for (const std::string& word : what.command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  ::execvp(words[0], words.data());
  ::_exit(127);
}

int reap(pid_t pid) {
  int status = 0;
  if (::waitpid(pid, &status, 0) != pid) return -1000;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

}  // namespace

bool eventually(const std::function<bool()>& condition, double seconds) {
  const Deadline deadline = after(seconds);
  while (!condition()) {
    if (passed(deadline)) return condition();
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return true;
}

HubStack::HubStack(std::uint16_t port) : port_(port) { write_config(); }

HubStack::~HubStack() {
  if (hub_ > 0) stop_hub(SIGKILL);
  if (broker_ > 0) stop_broker(SIGKILL);
}

void HubStack::set_commit_options(const std::string& lines) {
  commit_options_ = lines;
  write_config();
}

void HubStack::write_config() {
  std::ofstream(dir_.path() / "hub.toml") << fmt::format(
      "state_dir = \"state\"\n[broker]\nurl = \"mqtt://127.0.0.1:{}\"\nusername = \"hub\"\n"
      "password_file = \"broker/hub.password\"\n[metrics]\nlisten = \"127.0.0.1:{}\"\n"
      "[commit]\n{}",
      port_, port_ + 1, commit_options_);
}

HubStack::CommandResult HubStack::command(const std::vector<std::string>& arguments) {
  const auto out = dir_.path() / "command.out";
  const auto err = dir_.path() / "command.log";
  std::filesystem::remove(out);
  std::filesystem::remove(err);
  Spawn what{
      {hub_program(), "--config", (dir_.path() / "hub.toml").string()}, dir_.path(), out, err, {}};
  what.command.insert(what.command.end(), arguments.begin(), arguments.end());
  CommandResult result;
  result.exit_code = reap(spawn(what));
  result.out = text_of(out);
  result.err = text_of(err);
  return result;
}

ProjectId HubStack::add_project() {
  const auto made = command({"project", "add", "--name", "测试项目", "--area", "1号车间"});
  EXPECT_EQ(made.exit_code, 0) << text_of(dir_.path() / "command.log");
  return ProjectId::parse(made.json().value("project_id", "")).value_or(ProjectId());
}

EnrolledDevice HubStack::enrol(ProjectId project) {
  EnrolledDevice device;
  const auto folder = dir_.path() / ("device-" + EventId::make().text());
  const auto made = command({"device", "enrol", "--name", "tablet", "--project", project.text(),
                             "--public-key=" + base64url_encode(device.key.public_key()), "--out",
                             folder.string()});
  EXPECT_EQ(made.exit_code, 0) << text_of(dir_.path() / "command.log");
  device.project = project;
  device.id = DeviceId::parse(made.json().value("device_id", "")).value_or(DeviceId());
  std::ifstream(folder / "broker.password") >> device.password;
  return device;
}

void HubStack::start_broker() {
  const auto made = command({"broker-files", "--out", "broker", "--port", std::to_string(port_)});
  ASSERT_EQ(made.exit_code, 0) << text_of(dir_.path() / "command.log");
  // Its user may not be able to enter this folder; who runs it in production owns its folder.
  if (::geteuid() == 0)
    std::ofstream(dir_.path() / "broker/mosquitto.conf", std::ios::app) << "user root\n";
  const std::string program =
      std::filesystem::exists("/usr/sbin/mosquitto") ? "/usr/sbin/mosquitto" : "mosquitto";
  broker_ = spawn({{program, "-c", "mosquitto.conf"},
                   dir_.path() / "broker",
                   dir_.path() / "broker.log",
                   dir_.path() / "broker.log",
                   {}});
  ASSERT_TRUE(eventually([&] {
    const auto tried = MqttConnection::connect({"127.0.0.1", port_}, "nobody", "x");
    return tried.ok() || tried.error().kind() == ErrorKind::kPermissionDenied;
  })) << text_of(dir_.path() / "broker.log");
}

void HubStack::signal_broker(int signal) const { ::kill(broker_, signal); }

void HubStack::stop_broker(int signal) {
  if (broker_ <= 0) std::abort();
  ::kill(broker_, signal);
  reap(std::exchange(broker_, -1));
}

void HubStack::start_hub(const std::vector<std::string>& environment) {
  std::filesystem::remove(dir_.path() / "hub.out");
  hub_ = spawn({{hub_program(), "--config", (dir_.path() / "hub.toml").string(), "run"},
                dir_.path(),
                dir_.path() / "hub.out",
                dir_.path() / "hub.log",
                environment});
  // A start after a kill looks at what was open, on whatever disk, beside whatever else runs.
  ASSERT_TRUE(eventually([&] { return text_of(dir_.path() / "hub.out") == "ready\n"; }, 120))
      << hub_log();
}

int HubStack::stop_hub(int signal) {
  if (hub_ <= 0) std::abort();
  ::kill(hub_, signal);
  return reap(std::exchange(hub_, -1));
}

bool HubStack::hub_runs() { return hub_ > 0 && ::waitpid(hub_, nullptr, WNOHANG) == 0; }

std::string HubStack::password_of(const std::string& service) const {
  std::string password;
  std::ifstream(dir_.path() / "broker" / (service + ".password")) >> password;
  return password;
}

std::string HubStack::hub_log() const { return text_of(dir_.path() / "hub.log"); }

double HubStack::metric(const std::string& name) const {
  const auto out = dir_.path() / "metrics";
  std::filesystem::remove(out);
  reap(spawn({{"curl", "-s", fmt::format("http://127.0.0.1:{}/metrics", port_ + 1)},
              dir_.path(),
              out,
              "/dev/null",
              {}}));
  std::istringstream lines(text_of(out));
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind(name + " ", 0) == 0) return std::stod(line.substr(name.size() + 1));
  }
  return -1;
}

bool MqttPeer::connect(const MqttConnection::Options& options) {
  auto made = MqttConnection::connect({"127.0.0.1", port_}, user_, password_, options);
  if (!made.ok()) return false;
  connection_.emplace(std::move(*made));
  sent_.clear();
  return true;
}

void MqttPeer::publish(const std::string& topic, Bytes payload, int qos, bool retained) {
  if (!connection_) return;
  sent_.push_back(std::move(payload));
  connection_->publish(topic, sent_.back(), qos, retained);
}

std::optional<std::uint8_t> MqttPeer::publish_reason(const std::string& topic,
                                                     std::string_view payload) {
  if (!connection_) return std::nullopt;
  const std::uint64_t before = connection_->acknowledged();
  publish(topic, {payload.begin(), payload.end()});
  pump_until([&] { return !connection_ || connection_->acknowledged() > before; });
  if (!connection_ || connection_->acknowledged() == before) return std::nullopt;
  return connection_->last_reason();
}

std::optional<std::uint8_t> MqttPeer::subscribe_reason(const std::string& filter) {
  if (!connection_) return std::nullopt;
  const std::uint64_t before = connection_->acknowledged_subscriptions();
  connection_->subscribe(filter);
  pump_until([&] { return !connection_ || connection_->acknowledged_subscriptions() > before; });
  if (!connection_ || connection_->acknowledged_subscriptions() == before) return std::nullopt;
  return connection_->last_reason();
}

void MqttPeer::pump_once() {
  if (!connection_) return;
  const Status pumped = connection_->pump(
      [this](std::string_view topic, ByteView payload) { on_message(topic, payload); });
  if (!pumped.ok()) {
    connection_.reset();
  } else if (!connection_->wants_to_write()) {
    sent_.clear();
  }
}

bool MqttPeer::pump_until(const std::function<bool()>& condition, double seconds) {
  const Deadline deadline = after(seconds);
  while (!condition()) {
    if (!connection_ || passed(deadline)) return false;
    const short events =
        static_cast<short>(connection_->wants_to_write() ? POLLIN | POLLOUT : POLLIN);
    pollfd waiting{connection_->descriptor(), events, 0};
    ::poll(&waiting, 1, 20);
    pump_once();
  }
  return true;
}

bool SimulatedDevice::connect_and_listen() {
  if (!connect()) return false;
  connection().subscribe(format_topic({TopicKind::kReceipt, device_.project, device_.id, {}, ""}));
  return pump_until([this] { return connection().acknowledged_subscriptions() > 0; }) &&
         connection().refused() == 0;
}

void SimulatedDevice::send(const TrackMaker& track, const MadePart& part, bool live) {
  publish(format_topic({live ? TopicKind::kLive : TopicKind::kFill, device_.project, device_.id,
                        track.capture(), track.track()}),
          part.frame(), live ? 0 : 1);
}

void SimulatedDevice::send_frame(CaptureId capture, const std::string& track, Bytes frame) {
  publish(format_topic({TopicKind::kFill, device_.project, device_.id, capture, track}),
          std::move(frame));
}

void SimulatedDevice::send_event(const v1::Event& event) {
  const std::string bytes = event.SerializeAsString();
  publish(format_topic({TopicKind::kEvent, device_.project, device_.id, {}, ""}),
          {bytes.begin(), bytes.end()});
}

void SimulatedDevice::say_hello(const std::vector<const TrackMaker*>& tracks,
                                std::uint64_t question) {
  v1::Hello hello;
  hello.set_question(question);
  hello.set_protocol(1);
  hello.set_software("test");
  for (const TrackMaker* track : tracks) {
    auto* position = hello.add_tracks();
    position->set_capture_id(track->capture().raw());
    position->set_track(track->track());
    position->set_next_sequence(track->running().count());
  }
  const std::string bytes = hello.SerializeAsString();
  publish(format_topic({TopicKind::kHello, device_.project, device_.id, {}, ""}),
          {bytes.begin(), bytes.end()});
}

bool SimulatedDevice::listen_down() {
  return subscribe_reason(format_topic({TopicKind::kDown, device_.project, device_.id, {}, ""})) <
         0x80;
}

void SimulatedDevice::ask_down(std::int64_t heard_until_us) {
  v1::Hello hello;
  hello.set_protocol(1);
  hello.set_asks_down(true);
  hello.set_heard_until_us(heard_until_us);
  const std::string bytes = hello.SerializeAsString();
  publish(format_topic({TopicKind::kHello, device_.project, device_.id, {}, ""}),
          {bytes.begin(), bytes.end()});
}

bool SimulatedDevice::was_told(std::string_view event_id) const {
  for (const v1::Down& down : downs) {
    for (const v1::CommittedEvent& committed : down.events()) {
      v1::Event event;
      if (event.ParseFromString(committed.event()) && event.event_id() == event_id) return true;
    }
  }
  return false;
}

std::uint64_t SimulatedDevice::contiguous(const TrackMaker& maker) const {
  const auto found = receipts.find(of(maker));
  return found == receipts.end() ? 0 : found->second.contiguous();
}

bool SimulatedDevice::receipted(const TrackMaker& maker, std::uint64_t sequence) const {
  const auto found = receipts.find(of(maker));
  if (found == receipts.end()) return false;
  if (sequence < found->second.contiguous()) return true;
  for (const v1::SequenceRange& range : found->second.beyond()) {
    if (sequence >= range.first() && sequence < range.first() + range.count()) return true;
  }
  return false;
}

void SimulatedDevice::on_message(std::string_view topic, ByteView payload) {
  if (topic.ends_with("/down")) {
    auto down = parse_down(payload);
    ASSERT_TRUE(down.ok()) << down.error().message();
    downs.push_back(std::move(*down));
    return;
  }
  v1::Receipt receipt;
  ASSERT_TRUE(receipt.ParseFromArray(payload.data(), static_cast<int>(payload.size())));
  ++receipt_messages;
  if (loses_receipt && loses_receipt()) {
    ++receipts_lost;
    return;
  }
  if (receipt.answers() != 0) answers.push_back(receipt);
  for (const v1::TrackReceipt& track : receipt.tracks()) {
    receipts[{*CaptureId::from_bytes(track.capture_id()), track.track()}] = track;
  }
  event_receipts.insert(receipt.event_ids().begin(), receipt.event_ids().end());
  refusals.insert(refusals.end(), receipt.refusals().begin(), receipt.refusals().end());
}

std::map<std::uint64_t, Hash> archived_parts(const hub::Layout& layout, ProjectId project,
                                             CaptureId capture, const std::string& track) {
  std::map<std::uint64_t, Hash> parts;
  const auto sidecar = File::open_for_reading(layout.sidecar(project, capture, track));
  const auto media = File::open_for_reading(layout.media(project, capture, track));
  if (!sidecar.ok() || !media.ok()) return parts;
  const auto end =
      hub::read_sidecar(*sidecar, 0, [&](const hub::SidecarRecord& record, std::uint64_t) {
        Bytes bytes(record.media_size_bytes);
        EXPECT_TRUE(media->read_at(record.media_offset, bytes).ok());
        const Hash hash = part_hash(record.envelope_bytes, bytes);
        EXPECT_EQ(hash, record.part_hash);
        const auto envelope = parse_envelope(record.envelope_bytes);
        EXPECT_TRUE(envelope.ok());
        if (envelope.ok()) {
          EXPECT_TRUE(parts.emplace(envelope->sequence(), hash).second) << "stored twice";
        }
        return true;
      });
  EXPECT_TRUE(end.ok());
  return parts;
}

}  // namespace sitecast
