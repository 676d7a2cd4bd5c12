// SPDX-License-Identifier: Apache-2.0
#include "hub/archive/archive.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>

#include "proto/codec/limits.h"
#include "proto/codec/part_frame.h"
#include "proto/codec/topics.h"

namespace sitecast::hub {
namespace {

constexpr std::size_t kOpenTracks = 1024;
constexpr std::int64_t kIdleUs = 600'000'000;
constexpr std::int64_t kRetryUs = 1'000'000;
constexpr std::int64_t kDiskCheckUs = 500'000;
constexpr std::uint64_t kReserveMargin = 16ULL * 1024 * 1024;  // so that it does not flicker
constexpr std::uint64_t kGroupParts = kGroupSidecarBytes / 512;
constexpr std::size_t kGroupEvents = 1000;
constexpr std::size_t kQuarantineFiles = 64;  // per capture: enough for people to see what happens
constexpr int kReceiptRanges = 64;

}  // namespace

Archive::Archive(Layout layout, Options options, const Clock& clock, HeadCheck check_head, Log log,
                 std::unique_ptr<EventLookup> lookup, Syncer syncer, TouchedTracks touched)
    : layout_(std::move(layout)),
      options_(options),
      clock_(&clock),
      check_head_(std::move(check_head)),
      log_(std::move(log)),
      lookup_(std::move(lookup)),
      syncer_(std::move(syncer)),
      touched_(std::move(touched)),
      ownership_(layout_, *lookup_) {}

Archive::~Archive() = default;

Result<std::unique_ptr<Archive>> Archive::open(Layout layout, Options options, const Clock& clock,
                                               HeadCheck check_head, Log log) {
  SC_TRY(make_folders_durably(layout.archive_root()));
  SC_TRY(make_folders_durably(layout.events_root()));
  SC_TRY_ASSIGN(auto lookup, EventLookup::open(layout));
  SC_TRY_ASSIGN(auto syncer, Syncer::open(layout.archive_root(), clock));
  std::vector<TrackKey> found;
  SC_TRY_ASSIGN(auto touched, TouchedTracks::open(layout, found));
  std::unique_ptr<Archive> archive(
      new Archive(std::move(layout), options, clock, std::move(check_head), std::move(log),
                  std::move(lookup), std::move(syncer), std::move(touched)));
  archive->recover(found);
  return archive;
}

void Archive::recover(const std::vector<TrackKey>& keys) {
  for (const TrackKey& key : keys) {
    const auto once_read = lookup_->track_position(key);
    auto file = once_read.ok() ? TrackFile::open(layout_, key, true, *once_read)
                               : Result<std::unique_ptr<TrackFile>>(once_read.error());
    if (file.ok()) {
      recovered_.tracks.push_back({key, (*file)->durable_sidecar_bytes()});
      if (tracks_.size() < kOpenTracks / 2) {
        tracks_[key] = {std::move(*file), clock_->monotonic_us(), 0, false, Ok{}};
      }
    } else if (file.error().kind() == ErrorKind::kNotFound && once_read.ok() && *once_read == 0) {
      // It was being made: nothing of it was receipted.
      std::error_code ignored;
      std::filesystem::remove(layout_.sidecar(key.project, key.capture, key.track), ignored);
      std::filesystem::remove(layout_.media(key.project, key.capture, key.track), ignored);
    } else {
      log_.error("track {} of capture {} cannot be recovered: {}", key.track, key.capture.text(),
                 file.error().message());
    }
  }
  std::error_code error;
  for (std::filesystem::directory_iterator entry(layout_.events_root(), error), end;
       !error && entry != end; entry.increment(error)) {
    const auto project = ProjectId::parse(entry->path().stem().string());
    if (entry->path().extension() != ".log" || !project) continue;
    auto log = find_log(*project);
    if (log.ok()) {
      recovered_.logs.push_back({*project, (*log)->file->durable_bytes()});
    } else {
      log_.error("event log of project {} cannot be recovered: {}", project->text(),
                 log.error().message());
    }
  }
}

Result<Archive::OpenLog*> Archive::find_log(ProjectId project) {
  auto found = logs_.find(project);
  if (found == logs_.end()) {
    SC_TRY_ASSIGN(const std::uint64_t known_good, lookup_->log_position(project));
    SC_TRY_ASSIGN(auto file, EventFile::open(layout_, project, known_good));
    found = logs_.emplace(project, OpenLog{std::move(file), 0}).first;
  }
  OpenLog& log = found->second;
  if (log.broken_since_us != 0) {
    const std::int64_t now_us = clock_->monotonic_us();
    if (now_us - log.broken_since_us < kRetryUs) return data_loss("event log cannot be written");
    log.broken_since_us = now_us;
    SC_TRY(log.file->roll_back());
    log.broken_since_us = 0;
  }
  return &log;
}

Result<Archive::Open*> Archive::find_track(const TrackKey& key) {
  const std::int64_t now_us = clock_->monotonic_us();
  auto found = tracks_.find(key);
  if (found == tracks_.end()) {
    if (const auto since = unreadable_.find(key); since != unreadable_.end()) {
      if (now_us - since->second < kRetryUs) return data_loss("track cannot be opened");
    }
    auto file = TrackFile::open(layout_, key, false);
    if (!file.ok()) {
      if (file.error().kind() != ErrorKind::kNotFound) {
        unreadable_[key] = now_us;
        log_.error("{}", file.error().message());
      }
      return file.error();
    }
    unreadable_.erase(key);
    found = tracks_.emplace(key, Open{std::move(*file), 0, 0, false, Ok{}}).first;
  }
  Open& open = found->second;
  open.used_at_us = now_us;
  if (open.broken_since_us != 0) {
    if (now_us - open.broken_since_us < kRetryUs) return data_loss("track cannot be written");
    open.broken_since_us = now_us;
    SC_TRY(open.file->roll_back());
    open.broken_since_us = 0;
  }
  return &open;
}

// One level; its name becomes durable with the group.
Status Archive::make_folder(const std::filesystem::path& folder) {
  if (::mkdir(folder.c_str(), 0750) == 0) {
    group_folders_.insert(folder.parent_path());
    return Ok{};
  }
  if (errno == EEXIST) return Ok{};
  if (errno != ENOENT) return errno_error(errno, "mkdir " + folder.string());
  SC_TRY(make_folder(folder.parent_path()));
  return make_folder(folder);
}

Result<Archive::Open*> Archive::make_track(const Sender& sender, const TrackKey& key) {
  const auto folder = layout_.capture_dir(key.project, key.capture);
  SC_TRY(make_folder(folder));
  SC_TRY(touched_.add(key));
  SC_TRY_ASSIGN(auto file, TrackFile::create(layout_, key, sender.device));
  group_folders_.insert(folder);
  if (track_kind(key.track) != TrackKind::kTalk) {
    ownership_.remember(key.capture, {key.project, sender.device});
  }
  return &tracks_.emplace(key, Open{std::move(file), clock_->monotonic_us(), 0, false, Ok{}})
              .first->second;
}

// May this sender begin this track?
Verdict Archive::check_claim(const Sender& sender, const TrackKey& key) {
  const auto claim = ownership_.claim_of(key.capture);
  if (!claim.ok()) return refuse(claim.error());
  const bool talk = track_kind(key.track) == TrackKind::kTalk;
  if (*claim && (*claim)->project != key.project) {
    return Verdict::refused(v1::NOT_ALLOWED, "the capture belongs to another project");
  }
  if (talk && !sender.gateway) {
    return Verdict::refused(v1::NOT_ALLOWED, "only a gateway adds a remote voice");
  }
  // It comes a moment after what it answers: the gateway tries again.
  if (talk && !*claim) return Verdict::refused(v1::OVERLOADED, "the capture is not here yet");
  if (!talk && *claim && (*claim)->device && (*claim)->device != sender.device) {
    return Verdict::refused(v1::NOT_ALLOWED, "the capture belongs to another device");
  }
  if (count_tracks(layout_, key.project, key.capture) >= limits::kTracksPerCapture) {
    return Verdict::refused(v1::MALFORMED, "the capture has too many tracks");
  }
  return Verdict::stored();
}

Verdict Archive::refuse(const Error& error) const {
  switch (error.kind()) {
    case ErrorKind::kResourceExhausted: return Verdict::refused(v1::HUB_FULL, error.message());
    case ErrorKind::kPermissionDenied: return Verdict::refused(v1::NOT_ALLOWED, error.message());
    case ErrorKind::kUnavailable: return Verdict::refused(v1::OVERLOADED, error.message());
    default: return Verdict::refused(v1::HUB_IO_ERROR, error.message());
  }
}

bool Archive::disk_is_full() {
  const std::int64_t now_us = clock_->monotonic_us();
  if (disk_checked_at_us_ != 0 && now_us - disk_checked_at_us_ < kDiskCheckUs) return disk_full_;
  disk_checked_at_us_ = now_us;
  struct statvfs disk {};
  if (::statvfs(layout_.archive_root().c_str(), &disk) != 0) return disk_full_;
  free_bytes_ = static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize;
  const bool full = free_bytes_ < options_.reserve_bytes + (disk_full_ ? kReserveMargin : 0);
  if (full != disk_full_) {
    log_.warn("{}: {} bytes are free, the reserve is {}",
              full ? "disk below its reserve, no parts are taken" : "disk above its reserve again",
              free_bytes_, options_.reserve_bytes);
  }
  return disk_full_ = full;
}

// What people state is small and may use half of the reserve.
bool Archive::disk_is_full_for_events() {
  return disk_is_full() && free_bytes_ < options_.reserve_bytes / 2;
}

Verdict Archive::store(const Sender& sender, const TrackKey& key, const PartToStore& part,
                       const v1::PartProof& proof) {
  auto found = find_track(key);
  if (!found.ok() && found.error().kind() == ErrorKind::kNotFound) {
    if (disk_is_full()) return Verdict::refused(v1::HUB_FULL, "disk below its reserve");
    Verdict verdict = check_claim(sender, key);
    if (verdict.kind == Verdict::Kind::kRefused) return verdict;
    found = make_track(sender, key);
  }
  if (!found.ok()) return refuse(found.error());
  Open& open = **found;
  if (open.file->device() != sender.device) {
    return Verdict::refused(v1::NOT_ALLOWED, "the track belongs to another device");
  }
  if (open.in_group && !open.group_status.ok()) return refuse(open.group_status.error());
  if (open.file->received().contains(part.sequence)) return store_again(open, part);
  if (disk_is_full()) return Verdict::refused(v1::HUB_FULL, "disk below its reserve");
  if (!head_fits(*open.file, part, proof)) {
    quarantine(key, part);
    return Verdict::refused(v1::MALFORMED, "the signed head does not fit the track");
  }
  if (const Status status = touched_.add(key); !status.ok()) return refuse(status.error());
  if (!open.in_group) {
    open.in_group = true;
    group_tracks_.push_back(&open);
  }
  open.group_status = open.file->append(part);
  if (!open.group_status.ok()) return refuse(open.group_status.error());
  ++group_parts_;
  group_media_bytes_ += part.media.size();
  return Verdict::stored();
}

Verdict Archive::store_again(Open& open, const PartToStore& part) {
  const auto stored = open.file->stored_hash(part.sequence);
  if (!stored.ok()) {
    // It wrote the group's records to read one back; nothing may be written after what is torn now.
    open.group_status = stored.error();
    return refuse(stored.error());
  }
  if (*stored == part.hash) return Verdict::known();
  quarantine(open.file->key(), part);
  return Verdict::refused(v1::CONFLICT, "another part with this sequence is stored");
}

bool Archive::head_fits(const TrackFile& file, const PartToStore& part,
                        const v1::PartProof& proof) const {
  // Behind a gap the chain cannot be computed yet; check_passed_heads() does it when it is closed.
  if (!proof.has_head() || proof.head().sequence() != part.sequence ||
      part.sequence != file.running().count()) {
    return true;
  }
  RunningHash running = file.running();
  running.add(part.hash);
  return check_head_(file.key(), file.device(), proof.head(), running);
}

void Archive::quarantine(const TrackKey& key, const PartToStore& part) {
  const auto folder = layout_.quarantine_dir(key.project, key.capture);
  if (const Status made = make_folders_durably(folder); !made.ok()) {
    log_.error("quarantine: {}", made.error().message());
  }
  std::error_code error;
  std::size_t count = 0;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    ++count;
  }
  log_.error("part {} of track {} of capture {} is put into quarantine", part.sequence, key.track,
             key.capture.text());
  if (count >= kQuarantineFiles || disk_is_full()) return;
  const auto path = folder / fmt::format("{}-{}-{}.part", key.track, part.sequence,
                                         hex_encode(ByteView(part.hash).first(8)));
  const Bytes frame = make_part_frame(part.envelope_bytes, part.proof_bytes, part.media);
  if (const Status status = write_file_durably(path, frame); !status.ok()) {
    log_.error("quarantine: {}", status.error().message());
  }
}

Verdict Archive::check_speaker(const Sender& sender, const EventToStore& event) {
  if (!event.capture) return Verdict::stored();
  const auto claim = ownership_.claim_of(*event.capture);
  if (!claim.ok()) return refuse(claim.error());
  if (*claim && (*claim)->project != sender.project) {
    return Verdict::refused(v1::NOT_ALLOWED, "the capture belongs to another project");
  }
  if (!sender.gateway && *claim && (*claim)->device && (*claim)->device != sender.device) {
    return Verdict::refused(v1::NOT_ALLOWED, "the capture belongs to another device");
  }
  if (event.kind == "capture.opened" && (!*claim || !(*claim)->device)) {
    ownership_.remember(*event.capture, {sender.project, sender.device});
  }
  return Verdict::stored();
}

Verdict Archive::store(const Sender& sender, const EventToStore& event) {
  Bytes bytes(event.event_bytes.begin(), event.event_bytes.end());
  const auto recent = recent_events_.find(event.id);
  if (recent != recent_events_.end()) {
    return recent->second == bytes ? Verdict::known()
                                   : Verdict::refused(v1::CONFLICT, "another event has this id");
  }
  const auto indexed = lookup_->event(event.id);
  if (!indexed.ok()) return refuse(indexed.error());
  if (*indexed) {
    return **indexed == bytes ? Verdict::known()
                              : Verdict::refused(v1::CONFLICT, "another event has this id");
  }
  if (disk_is_full_for_events()) {
    return Verdict::refused(v1::HUB_FULL, "disk below its reserve");
  }
  Verdict verdict = check_speaker(sender, event);
  if (verdict.kind == Verdict::Kind::kRefused) return verdict;
  auto log = find_log(sender.project);
  if (!log.ok()) return refuse(log.error());
  (*log)->file->append({event.received_at_us, sender.device, event.event_bytes});
  if ((*log)->file->made()) group_folders_.insert(layout_.events_root());
  group_logs_.insert(sender.project);
  group_events_.emplace_back(sender.project, event.id);
  recent_events_.emplace(event.id, std::move(bytes));
  return Verdict::stored();
}

bool Archive::group_is_full() const {
  return group_media_bytes_ >= kGroupMediaBytes || group_parts_ >= kGroupParts ||
         group_events_.size() >= kGroupEvents;
}

Committed Archive::commit() {
  Committed committed;
  std::vector<File*> files;
  std::vector<Open*> tracks;
  std::vector<OpenLog*> logs;
  for (Open* open : group_tracks_) {
    if (open->group_status.ok()) open->group_status = open->file->write_records();
    if (!open->group_status.ok()) continue;
    tracks.push_back(open);
    files.push_back(&open->file->media());
    files.push_back(&open->file->sidecar());
  }
  std::map<ProjectId, Status> log_status;
  for (const ProjectId project : group_logs_) {
    EventFile& log = *logs_.at(project).file;
    const Status written = log.write_records();
    log_status.emplace(project, written);
    if (written.ok()) files.push_back(&log.file());
  }

  const std::vector<Status> synced = syncer_.sync(files, group_folders_);
  std::size_t at = 0;
  for (Open* open : tracks) {
    open->group_status = synced[at].ok() ? synced[at + 1] : synced[at];
    at += 2;
  }
  for (auto& [project, status] : log_status) {
    if (status.ok()) status = synced[at++];
  }

  for (Open* open : group_tracks_) settle_track(*open, committed);
  for (const auto& [project, status] : log_status) settle_log(project, status, committed);
  group_tracks_.clear();
  group_logs_.clear();
  // After a failure the names in them may not be durable yet: they are synced with the next group.
  const bool all_synced =
      std::all_of(synced.begin(), synced.end(), [](const Status& status) { return status.ok(); });
  if (all_synced && !files.empty()) group_folders_.clear();
  group_events_.clear();
  group_parts_ = 0;
  group_media_bytes_ = 0;
  return committed;
}

void Archive::settle_track(Open& open, Committed& committed) {
  open.in_group = false;
  const TrackKey& key = open.file->key();
  const Status status = std::exchange(open.group_status, Status(Ok{}));
  if (status.ok()) {
    open.file->settle();
    committed.work.tracks.push_back({key, open.file->durable_sidecar_bytes()});
    check_passed_heads(*open.file);
    return;
  }
  log_.error("track {} of capture {} was not made durable: {}", key.track, key.capture.text(),
             status.error().message());
  committed.failed_tracks.emplace(key, refuse(status.error()));
  if (const Status undone = open.file->roll_back(); !undone.ok()) {
    log_.error("track {} of capture {} cannot be written: {}", key.track, key.capture.text(),
               undone.error().message());
    open.broken_since_us = clock_->monotonic_us();
  }
}

void Archive::settle_log(ProjectId project, const Status& synced, Committed& committed) {
  OpenLog& log = logs_.at(project);
  if (synced.ok()) {
    log.file->settle();
    committed.work.logs.push_back({project, log.file->durable_bytes()});
    return;
  }
  log_.error("event log of project {} was not made durable: {}", project.text(),
             synced.error().message());
  committed.failed_logs.emplace(project, refuse(synced.error()));
  for (const auto& [of_project, id] : group_events_) {
    if (of_project == project) recent_events_.erase(id);
  }
  if (const Status undone = log.file->roll_back(); !undone.ok()) {
    log_.error("event log of project {} cannot be written: {}", project.text(),
               undone.error().message());
    log.broken_since_us = clock_->monotonic_us();
  }
}

void Archive::check_passed_heads(TrackFile& file) {
  const Status status = file.advance([&](const SidecarRecord& record, const RunningHash& running) {
    const auto proof = parse_proof(record.proof_bytes);
    if (!proof.ok() || !proof->has_head() || proof->head().sequence() + 1 != running.count())
      return;
    if (!check_head_(file.key(), file.device(), proof->head(), running)) {
      log_.error("track {} of capture {}: the signed head at part {} does not fit what is stored",
                 file.key().track, file.key().capture.text(), proof->head().sequence());
    }
  });
  if (!status.ok()) log_.error("{}", status.error().message());
}

// The running hash after `count` parts, of which all are here.
Result<RunningHash> Archive::running_hash_at(TrackFile& file, std::uint64_t count) {
  RunningHash running(file.key().capture, file.key().track);
  while (running.count() < count) {
    SC_TRY_ASSIGN(const auto hash, file.stored_hash(running.count()));
    if (!hash) return data_loss("a stored part is not found again");
    running.add(*hash);
  }
  return running;
}

Result<v1::TrackReceipt> Archive::receipt(const Sender& sender, const TrackKey& key,
                                          std::uint64_t at_most) {
  SC_TRY_ASSIGN(Open * open, find_track(key));
  if (open->file->device() != sender.device) return permission_denied("not this device's track");
  TrackFile& file = *open->file;
  v1::TrackReceipt receipt;
  if (file.running().count() > at_most) {
    SC_TRY_ASSIGN(const RunningHash running, running_hash_at(file, at_most));
    receipt.set_capture_id(key.capture.raw());
    receipt.set_track(key.track);
    receipt.set_contiguous(at_most);
    if (at_most > 0) receipt.set_running_hash(to_string(running.value()));
    return receipt;
  }
  receipt.set_capture_id(key.capture.raw());
  receipt.set_track(key.track);
  receipt.set_contiguous(file.running().count());
  if (receipt.contiguous() > 0) receipt.set_running_hash(to_string(file.running().value()));
  for (const auto& [first, end] : file.received().ranges()) {
    if (end <= receipt.contiguous()) continue;
    if (receipt.beyond_size() >= kReceiptRanges) break;
    auto* range = receipt.add_beyond();
    range->set_first(first);
    range->set_count(end - first);
  }
  return receipt;
}

void Archive::forget_events(const std::vector<EventId>& ids) {
  for (const EventId id : ids) recent_events_.erase(id);
}

void Archive::close_idle() {
  const std::int64_t now_us = clock_->monotonic_us();
  std::vector<std::pair<std::int64_t, TrackKey>> by_age;
  for (const auto& [key, open] : tracks_) {
    if (!open.in_group && open.broken_since_us == 0) by_age.emplace_back(open.used_at_us, key);
  }
  std::sort(by_age.begin(), by_age.end());
  for (const auto& [used_at_us, key] : by_age) {
    if (now_us - used_at_us < kIdleUs && tracks_.size() <= kOpenTracks) break;
    tracks_.erase(key);
  }
}

Status Archive::compact_touched(const std::set<TrackKey>& stored) {
  std::set<TrackKey> keep;
  for (const TrackKey& key : touched_.keys()) {
    if (stored.count(key) == 0 || tracks_.count(key) > 0) keep.insert(key);
  }
  return touched_.keep_only(std::move(keep));
}

Status Archive::settle_recovered() {
  std::set<TrackKey> keep = touched_.keys();
  for (const TrackTail& tail : recovered_.tracks) keep.erase(tail.key);
  return touched_.keep_only(std::move(keep));
}

Status Archive::close_cleanly() {
  const bool broken = std::any_of(tracks_.begin(), tracks_.end(), [](const auto& track) {
    return track.second.broken_since_us != 0;
  });
  if (broken) return data_loss("a track could not be written; the next start looks at it");
  return touched_.keep_only({});
}

}  // namespace sitecast::hub
