# One exact version; the pipeline resolves it to a digest and records that.
ARG PYTHON_IMAGE=python:3.11.14-slim-bookworm
# MODEL=none makes an image without a model, for everybody's models: MODEL_URI names one at the start.
ARG MODEL=trained


# The model is the same for every platform, so that training need not be emulated.
FROM --platform=$BUILDPLATFORM ${PYTHON_IMAGE} AS train
WORKDIR /build
ENV PYTHONDONTWRITEBYTECODE=1
# FEATURES=static adds static word vectors to the model; FEATURES=use or minilm, a sentence encoder.
ARG FEATURES=tfidf
ARG MODEL
COPY requirements.txt ./
COPY requirements/ requirements/
RUN set -e; if [ "${MODEL}" != none ]; then \
        pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.txt; \
        case "${FEATURES}" in static) file=static ;; use|minilm) file=sentence ;; esac; \
        test -z "${file}" || pip install --no-cache-dir --disable-pip-version-check \
            --require-hashes --no-deps -r "requirements/${file}.txt"; \
    fi
# Data of your own belongs into model/data.
COPY model/ model/
RUN mkdir -p model/artifacts \
    && { test "${MODEL}" = none || python -m model.train --features "${FEATURES}"; }


FROM ${PYTHON_IMAGE} AS packages
ARG MODEL
# requirements.txt makes the image that also serves pipelines which have no compiled form.
ARG REQUIREMENTS=requirements/serve.txt
WORKDIR /build
COPY requirements.txt ./
COPY requirements/ requirements/
RUN pip install --no-cache-dir --disable-pip-version-check --no-compile --require-hashes \
        --target /packages -r "${REQUIREMENTS}" \
    && { test "${MODEL}" != none || pip install --no-cache-dir --disable-pip-version-check \
        --no-compile --require-hashes --target /packages -r requirements/stores.txt; } \
    && find /packages -type d \( -name tests -o -path '*/numpy/distutils' \) -prune -exec rm -r {} + \
    && find /packages -type f \( -name '*.pyi' -o -name '*.h' -o -name '*.a' \) -delete


FROM ${PYTHON_IMAGE} AS serve
ARG VERSION=dev REVISION=unknown SOURCE=unknown
LABEL org.opencontainers.image.title="intent-classifier" \
      org.opencontainers.image.description="Tells what a short message is about, over HTTP and CloudEvents" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}"
WORKDIR /app
ENV PYTHONPATH=/packages \
    PYTHONDONTWRITEBYTECODE=1 \
    PORT=8080
COPY --from=packages /packages/ /packages/
COPY LICENSE ./
COPY func/ func/
COPY model/__init__.py model/atomic_files.py model/errors.py model/
COPY model/inference/ model/inference/
COPY model/store/ model/store/
COPY --from=train /build/model/artifacts/ model/artifacts/
# Without byte code each start would compile what it imports: the base image brings none for the
# standard library. Files of an image never change, so no start need compare them with their source.
# A clone made under the umask 077 has files that only its owner may read, and so has the image.
RUN python -m compileall -q --invalidation-mode unchecked-hash -x '/(test|idlelib|lib2to3|ensurepip|site-packages)/' \
        "$(python -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')" /packages /app \
    && find /app ! -perm -o+r -exec chmod a+rX {} +
USER 65532:65532
EXPOSE 8080
# -S: all packages are on PYTHONPATH, and looking for others would delay each start by 2 ms.
CMD ["python", "-S", "-m", "func.server"]
