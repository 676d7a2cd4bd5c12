# SPDX-License-Identifier: Apache-2.0
# Third parties, all from Debian 12, each as one imported (system) target. Reasons: README.md.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(JPEG REQUIRED)
find_package(PNG REQUIRED)
find_package(Protobuf REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(GTest REQUIRED)
find_package(benchmark QUIET)
find_package(spdlog REQUIRED)
find_package(fmt REQUIRED)
find_package(CLI11 REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(prometheus-cpp REQUIRED)

pkg_check_modules(sodium REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(gstreamer REQUIRED IMPORTED_TARGET
  gstreamer-1.0 gstreamer-app-1.0 gstreamer-video-1.0 gstreamer-audio-1.0 gstreamer-pbutils-1.0)
pkg_check_modules(tomlplusplus REQUIRED IMPORTED_TARGET tomlplusplus)
pkg_check_modules(heif REQUIRED IMPORTED_TARGET libheif)
pkg_check_modules(exiv2 REQUIRED IMPORTED_TARGET exiv2)
pkg_check_modules(expat REQUIRED IMPORTED_TARGET expat)
pkg_check_modules(zip REQUIRED IMPORTED_TARGET libzip)
pkg_check_modules(seccomp REQUIRED IMPORTED_TARGET libseccomp)

# Debian's packages of these two carry no CMake config for their shared libraries.
find_library(PAHO_MQTTPP_LIBRARY paho-mqttpp3 REQUIRED)
find_library(PAHO_MQTT_LIBRARY paho-mqtt3as REQUIRED)
add_library(paho_mqttpp INTERFACE)
target_link_libraries(paho_mqttpp INTERFACE ${PAHO_MQTTPP_LIBRARY} ${PAHO_MQTT_LIBRARY})
find_library(SQLITECPP_LIBRARY SQLiteCpp REQUIRED)
add_library(sqlitecpp INTERFACE)
target_link_libraries(sqlitecpp INTERFACE ${SQLITECPP_LIBRARY} SQLite::SQLite3)

# OpenCV by module: its CMake config is only in libopencv-dev, which brings several hundred megabytes
# (contrib, dnn, viz, VTK) that we do not use.
find_path(OPENCV_INCLUDE_DIR opencv2/core.hpp PATH_SUFFIXES opencv4 REQUIRED)
foreach(module core imgproc imgcodecs)
  find_library(OPENCV_${module}_LIBRARY opencv_${module} REQUIRED)
endforeach()
# imgcodecs brings GDAL and over a hundred libraries: for the scenery and for tests only.
add_library(opencv_pixels INTERFACE)
target_include_directories(opencv_pixels SYSTEM INTERFACE ${OPENCV_INCLUDE_DIR})
target_link_libraries(opencv_pixels INTERFACE ${OPENCV_core_LIBRARY} ${OPENCV_imgproc_LIBRARY})
add_library(opencv INTERFACE)
target_link_libraries(opencv INTERFACE opencv_pixels ${OPENCV_imgcodecs_LIBRARY})
