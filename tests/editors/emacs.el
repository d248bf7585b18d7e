;; An Emacs without a screen: what eglot shows and does in two profiles, as lines of JSON.  -*- lexical-binding: t -*-
(require 'package)
(package-initialize)
(require 'json)
(require 'yaml-mode)
(require 'eglot)

(defvar folder (getenv "PROJECT"))

(defun tell (what value)
  (princ (concat (json-encode (list (cons 'what what) (cons 'value value))) "\n")))

(defun await (what ready)
  (let ((end (+ (float-time) 120)))
    (while (not (funcall ready))
      (when (> (float-time) end)
        (tell "missing" what)
        (kill-emacs 1))
      (accept-process-output nil 0.02))))

;; what docs/editors.md says, with the program by its path
(add-to-list 'eglot-server-programs (cons 'yaml-mode (list (getenv "CODELAB_GEN") "lsp")))
(setq eglot-confirm-server-initiated-edits nil
      eglot-send-changes-idle-time 0
      project-vc-ignores nil)

(defun opened (name)
  (find-file (concat folder "/profiles/" name))
  (unless (eglot-current-server)
    (apply #'eglot (eglot--guess-contact)))
  ;; where nobody types, nothing is idle
  (flymake-start)
  (current-buffer))

(defun faults ()
  (seq-filter (lambda (fault) (eq (flymake-diagnostic-type fault) 'eglot-error)) (flymake-diagnostics)))

(defun lines (buffer)
  (with-current-buffer buffer
    (vconcat (split-string (string-trim-right (buffer-string)) "\n"))))

(defun answer (method &rest more)
  (eglot--signal-textDocument/didChange)
  (jsonrpc-request (eglot-current-server) method (append (eglot--TextDocumentPositionParams) more)))

(let ((base (opened "base.yaml"))
      (top (opened "top.yaml")))
  (set-buffer top)
  (await "the first fault" (lambda () (= (length (faults)) 1)))
  (let ((fault (car (faults))))
    (tell "fault" (list (cons 'line (line-number-at-pos (flymake-diagnostic-beg fault)))
                        (cons 'text (flymake-diagnostic-text fault))))
    (goto-char (flymake-diagnostic-beg fault)))
  (let ((mend (seq-find (lambda (action) (equal (plist-get action :kind) "quickfix"))
                        (append (eglot-code-actions (point) (point)) nil))))
    (eglot--apply-workspace-edit (plist-get mend :edit)))
  (eglot--signal-textDocument/didChange)
  (await "no fault" (lambda () (flymake-start) (null (faults))))
  (tell "mended" (lines top))
  (goto-char (point-min))
  (forward-line 3)
  (tell "offered" (vconcat (mapcar (lambda (item) (plist-get item :label))
                                   (answer :textDocument/completion))))
  (search-forward "api")
  (backward-char 1)
  ;; the values come behind the faults
  (let (told)
    (await "the values" (lambda ()
                          (setq told (plist-get (plist-get (answer :textDocument/hover) :contents) :value))
                          (string-match-p "from " told)))
    (tell "told" told))
  (eglot-rename "web")
  (tell "renamed" (vector (lines base) (lines top)))
  (kill-emacs 0))
